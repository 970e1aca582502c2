"""The words of the library's notices, in the languages of its readers."""

from __future__ import annotations

from dataclasses import dataclass

NEWS, OFFERS, REMINDERS = "news", "offers", "reminders"


@dataclass(frozen=True)
class Promise:
    """At most `texts` in `days`, and what stands beside the box in each language."""

    texts: int
    days: int
    statement: dict[str, str]


PROMISES = {
    NEWS: Promise(
        4,
        30,
        {
            "en": "Yes, text me about opening hours and events",
            "fr": "Oui, envoyez-moi des SMS sur les horaires et les événements",
            "es": "Sí, envíenme SMS sobre horarios y actividades",
            "de": "Ja, schreibt mir SMS zu Öffnungszeiten und Veranstaltungen",
        },
    ),
    OFFERS: Promise(
        1,
        7,
        {
            "en": "Yes, text me offers of the library shop",
            "fr": "Oui, envoyez-moi par SMS les offres de la boutique de la bibliothèque",
            "es": "Sí, envíenme por SMS las ofertas de la tienda de la biblioteca",
            "de": "Ja, schreibt mir SMS mit Angeboten des Bibliotheksladens",
        },
    ),
    REMINDERS: Promise(
        20,
        30,
        {
            "en": "Yes, text me when a loan is due or a reservation waits for me",
            "fr": "Oui, prévenez-moi par SMS d'un prêt à rendre ou d'une réservation prête",
            "es": "Sí, avísenme por SMS de préstamos por devolver o reservas listas",
            "de": "Ja, erinnert mich per SMS an Rückgaben und bereitliegende Vormerkungen",
        },
    ),
}

# What every notice of the library says, by language.
COMMON = {
    "en": {
        "sender": "Harbor Street Library, 12 Harbor Street. We send the texts ourselves, from "
        "+44 7700 900900, and no one else may use your number.",
        "cost": "We charge nothing. Message and data rates of your phone company may apply.",
        "stop": "Reply STOP to any text and no other will follow, or press “Stop texts about …” on "
        "your own page. It costs nothing more than that one text.",
        "help": "Reply HELP, write to help@harbor-street.example, or ask at any desk.",
        "not_condition": "You need not agree to any of this to borrow, reserve or buy anything. "
        "Everything we text also hangs on the board at the entrance.",
        "retention": "Your number until you leave, and what you agreed to for three years after "
        "that, as proof. The words of our texts for two years.",
        "rights": "You can see, correct, copy and erase what we hold about you, and change your "
        "mind at any time. What we did before that stays lawful.",
        "complaint": "Talk to our privacy officer at privacy@harbor-street.example first if you "
        "like. You may always go to your data protection authority.",
        "terms": "A text can arrive late or not at all. We never ask for a password, a card or "
        "money by text. The rest is at harbor-street.example/terms.",
        "privacy": "We keep your number encrypted, sell nothing and share it only with the phone "
        "company that carries the text. More on our page /privacy/.",
    },
    "fr": {
        "sender": "Harbor Street Library, 12 Harbor Street. Nous envoyons les SMS nous-mêmes, du "
        "+44 7700 900900, et personne d'autre n'utilise votre numéro.",
        "cost": "Nous ne facturons rien. Votre opérateur peut facturer les messages et "
        "les données à ses tarifs.",
        "stop": "Répondez STOP à n'importe quel SMS et vous n'en recevrez plus, ou appuyez "
        "sur le bouton d'arrêt de votre page. Cela ne coûte que ce SMS.",
        "help": "Répondez AIDE, écrivez à help@harbor-street.example ou demandez à l'accueil.",
        "not_condition": "Rien de cela n'est nécessaire pour emprunter, réserver ou acheter. Tout "
        "ce que nous écrivons par SMS est aussi affiché à l'entrée.",
        "retention": "Votre numéro jusqu'à votre départ, et votre accord trois ans de plus, comme "
        "preuve. Le texte de nos SMS pendant deux ans.",
        "rights": "Vous pouvez voir, corriger, copier et faire effacer vos données, et changer "
        "d'avis à tout moment. Ce qui a été fait avant reste licite.",
        "complaint": "Parlez-en d'abord, si vous voulez, à privacy@harbor-street.example. Vous "
        "pouvez toujours saisir votre autorité de protection des données.",
        "terms": "Un SMS peut arriver en retard ou se perdre. Nous ne demandons jamais de mot de "
        "passe, de carte ni d'argent par SMS. Le reste : harbor-street.example/terms.",
        "privacy": "Nous gardons votre numéro chiffré, ne vendons rien et ne le confions qu'à "
        "l'opérateur qui achemine le SMS. Plus de détails sur notre page /privacy/.",
    },
    "es": {
        "sender": "Harbor Street Library, 12 Harbor Street. Enviamos los SMS nosotros mismos, "
        "desde el +44 7700 900900, y nadie más usa su número.",
        "cost": "No cobramos nada. Su operador puede cobrar sus tarifas de mensajes y datos.",
        "stop": "Responda STOP a cualquier SMS y no recibirá más, o pulse el botón de baja en "
        "su página. Solo cuesta ese SMS.",
        "help": "Responda AYUDA, escriba a help@harbor-street.example o pregunte en el mostrador.",
        "not_condition": "No hace falta aceptar nada de esto para tomar prestado, reservar o "
        "comprar. Todo lo que enviamos está también en el tablón de la entrada.",
        "retention": "Su número hasta que se dé de baja, y su acuerdo tres años más, como prueba. "
        "El texto de nuestros SMS durante dos años.",
        "rights": "Puede ver, corregir, copiar y borrar sus datos, y cambiar de opinión cuando "
        "quiera. Lo hecho hasta entonces sigue siendo lícito.",
        "complaint": "Si quiere, hable primero con privacy@harbor-street.example. Siempre puede "
        "acudir a su autoridad de protección de datos.",
        "terms": "Un SMS puede llegar tarde o perderse. Nunca pedimos contraseñas, tarjetas ni "
        "dinero por SMS. Lo demás está en harbor-street.example/terms.",
        "privacy": "Guardamos su número cifrado, no vendemos nada y solo lo damos al operador que "
        "lleva el SMS. Más en nuestra página /privacy/.",
    },
    "de": {
        "sender": "Harbor Street Library, 12 Harbor Street. Wir schreiben selbst, von der "
        "+44 7700 900900, und niemand sonst nutzt Ihre Nummer.",
        "cost": "Von uns kostet es nichts. Ihr Anbieter kann für Nachrichten und Daten "
        "seine üblichen Gebühren verlangen.",
        "stop": "Antworten Sie STOP auf irgendeine SMS, dann kommt keine mehr, oder drücken Sie "
        "den Stopp-Knopf auf Ihrer Seite. Mehr als diese eine SMS kostet das nicht.",
        "help": "Antworten Sie HILFE, schreiben Sie an help@harbor-street.example oder fragen Sie "
        "am Schalter.",
        "not_condition": "Nichts davon ist nötig, um auszuleihen, vorzumerken oder zu kaufen. "
        "Alles, was wir schreiben, hängt auch am Eingang aus.",
        "retention": "Ihre Nummer, bis Sie gehen, Ihre Zustimmung noch drei Jahre als Nachweis. "
        "Den Wortlaut unserer SMS zwei Jahre.",
        "rights": "Sie können alles über Sie sehen, berichtigen, mitnehmen und löschen lassen und "
        "es sich jederzeit anders überlegen. Was vorher geschah, bleibt rechtmäßig.",
        "complaint": "Sprechen Sie gern zuerst mit privacy@harbor-street.example. Ihre "
        "Datenschutzbehörde steht Ihnen immer offen.",
        "terms": "Eine SMS kann spät oder gar nicht ankommen. Wir fragen nie per SMS nach "
        "Passwort, Karte oder Geld. Alles Weitere: harbor-street.example/terms.",
        "privacy": "Ihre Nummer liegt verschlüsselt bei uns, wir verkaufen nichts und geben sie "
        "nur dem Anbieter, der die SMS zustellt. Mehr auf unserer Seite /privacy/.",
    },
}

LIBRARY_NOTICE = {
    "en": {
        "purpose": "Opening hours and events at our three branches; and, if you tick it, when "
        "something you borrowed is due or something you reserved is here.",
        "frequency": "Hours and events: at most 4 texts in 30 days. Loans and reservations: only "
        "when there is one, at most 20 in 30 days.",
    },
    "fr": {
        "purpose": "Les horaires et les événements de nos trois bibliothèques ; et, si vous "
        "cochez la case, vos prêts à rendre et vos réservations prêtes.",
        "frequency": "Horaires et événements : 4 SMS au plus en 30 jours. Prêts et réservations : "
        "seulement s'il y en a, 20 au plus en 30 jours.",
    },
    "es": {
        "purpose": "Los horarios y las actividades de nuestras tres sedes; y, si marca la "
        "casilla, los préstamos por devolver y las reservas listas.",
        "frequency": "Horarios y actividades: como máximo 4 SMS en 30 días. Préstamos y reservas: "
        "solo cuando los haya, como máximo 20 en 30 días.",
    },
    "de": {
        "purpose": "Öffnungszeiten und Veranstaltungen unserer drei Häuser; und, wenn Sie es "
        "ankreuzen, Rückgaben und bereitliegende Vormerkungen.",
        "frequency": "Öffnungszeiten und Veranstaltungen: höchstens 4 SMS in 30 Tagen. Rückgaben "
        "und Vormerkungen: nur wenn es welche gibt, höchstens 20 in 30 Tagen.",
    },
}

SHOP_NOTICE = {
    "en": {
        "purpose": "Offers of the library shop: books we part with, prints, bags and tea; and, if "
        "you tick it, opening hours and events.",
        "frequency": "Offers: at most 1 text in 7 days. Hours and events: at most 4 in 30 days.",
    },
    "fr": {
        "purpose": "Les offres de la boutique : livres dont nous nous séparons, estampes, sacs et "
        "thé ; et, si vous cochez la case, les horaires et les événements.",
        "frequency": "Offres : 1 SMS au plus en 7 jours. Horaires et événements : 4 en 30 jours.",
    },
    "es": {
        "purpose": "Las ofertas de la tienda: libros que dejamos ir, láminas, bolsas y té; y, si "
        "marca la casilla, los horarios y las actividades.",
        "frequency": "Ofertas: como máximo 1 SMS en 7 días. Horarios y actividades: 4 en 30 días.",
    },
    "de": {
        "purpose": "Angebote des Ladens: Bücher, von denen wir uns trennen, Drucke, Taschen und "
        "Tee; und, wenn Sie es ankreuzen, Öffnungszeiten und Veranstaltungen.",
        "frequency": "Angebote: höchstens 1 SMS in 7 Tagen. Öffnungszeiten und Veranstaltungen: "
        "höchstens 4 in 30 Tagen.",
    },
}

# Not finished: how long it is kept and where to complain are still to be written.
CAMP_DRAFT = {
    **{
        code: words
        for code, words in COMMON["en"].items()
        if code not in ("retention", "complaint")
    },
    "purpose": "What to bring, where to meet and what the weather does during the reading camp.",
    "frequency": "At most 4 texts in 30 days, nearly all of them in the week of the camp.",
}
