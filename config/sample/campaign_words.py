"""What the library texted, and what it is about to."""

from __future__ import annotations

TOTES = {
    "en": "Harbor Street Library: the canvas totes with the old harbor map are back in the shop, "
    "9 euros. Show this text for a free bookmark. Reply STOP to end.",
    "fr": "Harbor Street Library : les sacs avec le vieux plan du port sont de retour, 9 euros. "
    "Montrez ce SMS : un marque-page offert. STOP pour finir.",
    "es": "Harbor Street Library: vuelven las bolsas con el viejo mapa del puerto, 9 euros. Con "
    "este SMS, un marcador gratis. STOP para terminar.",
    "de": "Harbor Street Library: Die Taschen mit dem alten Hafenplan sind wieder da, 9 Euro. Zu "
    "dieser SMS gibt es ein Lesezeichen. Ende mit STOP.",
}
WRONG_DAY = {
    "en": "Harbor Street Library: children's hour moves to Sunday at 10, with the fox puppet. "
    "Reply STOP to end.",
}
LATE_EVENING = {
    "en": "Harbor Street Library: open until 22:00 this Thursday, all three branches. Tea on the "
    "stairs, new books on the table. Reply STOP to end.",
    "fr": "Harbor Street Library : ouvert jusqu'à 22 h ce jeudi, les trois sites. Du thé sur les "
    "marches, les nouveautés sur la table. STOP pour finir.",
    "es": "Harbor Street Library: este jueves abrimos hasta las 22:00 en las tres sedes. Té en la "
    "escalera y novedades en la mesa. STOP para terminar.",
    "de": "Harbor Street Library: Am Donnerstag ist bis 22 Uhr offen, in allen drei Häusern. Tee "
    "auf der Treppe, neue Bücher auf dem Tisch. Ende mit STOP.",
}
WINTER_SALE = {
    "en": "Harbor Street Library: winter sale in the shop until Saturday. Every second-hand book "
    "2 euros, atlases 5. Reply STOP to end.",
    "fr": "Harbor Street Library : soldes d'hiver à la boutique jusqu'à samedi. Chaque livre "
    "d'occasion 2 euros, les atlas 5. STOP pour finir.",
    "es": "Harbor Street Library: rebajas de invierno en la tienda hasta el sábado. Cada libro "
    "usado a 2 euros, los atlas a 5. STOP para terminar.",
    "de": "Harbor Street Library: Winterverkauf im Laden bis Samstag. Jedes gebrauchte Buch 2 "
    "Euro, Atlanten 5. Ende mit STOP.",
}
HOLIDAYS = {
    "en": "Harbor Street Library: over the holidays we open 10 to 16, and the return slot never "
    "closes. Reply STOP to end.",
    "fr": "Harbor Street Library : pendant les fêtes nous ouvrons de 10 à 16 h ; la boîte de "
    "retour reste ouverte. STOP pour finir.",
    "es": "Harbor Street Library: en fiestas abrimos de 10 a 16, y el buzón de devoluciones nunca "
    "cierra. STOP para terminar.",
    "de": "Harbor Street Library: Über die Feiertage ist von 10 bis 16 Uhr offen, die "
    "Rückgabeklappe immer. Ende mit STOP.",
}
NEW_WINDOWS = {
    "en": "Harbor Street Library: Mill Lane gets new windows and stays closed on Monday and "
    "Tuesday. Your reservations wait at Harbor Street. Reply STOP to end.",
    "de": "Harbor Street Library: Mill Lane bekommt neue Fenster und bleibt Montag und Dienstag "
    "zu. Vormerkungen liegen in der Harbor Street. Ende mit STOP.",
}
POETS = {
    "en": "Harbor Street Library: three poets, one lamp – Friday at 19:30 on the second floor. "
    "Readers from {branch|all branches} are welcome. Chairs are few, cushions are many…",
}
