"""What the held-out sheets say: words of their own in English, French, Swedish, Italian and Spanish."""

NAMES = ("H. Lindqvist", "C. Moreau", "E. Ferrari", "D. O'Connor", "I. García", "B. Nyström", "F. Dubois", "G. Conti")
TITLES = (
    "Sensor mount", "Tension arm", "Cylindre de freinage", "Kopplingsstång", "Staffa di supporto", "Placa base",
    "Gear blank", "Rocker link", "Hållare", "Couvercle arrière", "Perno filettato", "Eje secundario", "Nozzle carrier",
)  # fmt: skip
OWNERS = (
    "Kvarnby Mekaniska AB",
    "Atelier Rivoire SA",
    "Officine Bellini Srl",
    "Talleres Ordoño SL",
    "Ashgrove Tooling",
)
STOCK = (
    "SS 2172",
    "EN-GJL-250",
    "X8CrNiS18-9",
    "AlSi1MgMn",
    "CuSn8",
    "16MnCr5",
    "PEEK",
    "34CrNiMo6",
    "11SMn30",
    "Delrin",
)
FINISHES = ("Sandblasted", "Manganese phosphate", "Zinc-nickel 8 µm", "Chromated", "Brut de fonderie", "Lackerad svart")
CLASSES = ("ISO 22081", "ISO 2768-mH", "ISO 2768-cL", "NF EN 22768-m", "SS-ISO 2768-1 m")
NOTES = (
    "Corners not shown R0.4 max",
    "Part to be supplied free of swarf",
    "Casser les angles vifs",
    "Toutes les cotes en millimètres",
    "Gradfri, skarpa kanter brutna",
    "Ytor märkta bearbetas efter svetsning",
    "Quote senza tolleranza secondo tabella",
    "Eliminar rebabas y aristas vivas",
    "Etch part code on this face",
    "Flatness applies in the free state",
    "Shot peen inner bore only",
    "Do not use abrasive cloth on seal faces",
    "Matching pair, keep together",
)
HEADINGS = ("REMARKS", "Remarques :", "Anmärkningar", "Note generali", "NOTAS")
# Captions by field: English, French, Swedish, Italian.
CAPTIONS = {
    "title": ("Part name", "Désignation", "Benämning", "Denominazione"),
    "number": ("Document no.", "N° de plan", "Ritningsnr", "N. disegno"),
    "material": ("Stock", "Matière", "Material", "Materiale"),
    "scale": ("Scale", "Échelle", "Skala", "Scala"),
    "mass": ("Mass", "Masse", "Vikt", "Massa"),
    "revision": ("Issue", "Indice", "Utgåva", "Rev."),
    "date": ("Issued", "Date", "Datum", "Data"),
    "author": ("Designer", "Dessiné par", "Ritad av", "Disegnato"),
    "checked": ("Reviewer", "Vérifié", "Granskad", "Controllato"),
    "sheet": ("Page", "Folio", "Blad", "Foglio"),
    "tolerance": ("Untoleranced", "Tolérances gén.", "Gen. tolerans", "Tolleranze gen."),
    "finish": ("Coating", "Traitement", "Ytbehandling", "Trattamento"),
    "company": ("Owner", "Société", "Företag", "Azienda"),
}
