"""Short texts in many languages, written for the tests: three reports each, and questions in other forms."""

REPORTS: dict[str, tuple[str, str, str]] = {
    "ar": (
        "تساقط البرد على أسطح المنازل في القرية. تحطمت نوافذ كثيرة.",
        "ارتفع النهر فوق الطريق بعد أيام من المطر. أغلقت المدرسة أبوابها.",
        "اشتعل حريق في الغابة. حاول رجال الإطفاء إنقاذ الحيوانات.",
    ),
    "cs": (
        "Kroupy rozbily střechy domů ve vesnici. Okna praskla.",
        "Řeka stoupla nad silnici po několika dnech deště. Škola zůstala zavřená.",
        "V lese vypukl požár. Hasiči zachránili zvířata.",
    ),
    "da": (
        "Hagl ødelagde tagene på husene i landsbyen. Vinduerne gik i stykker.",
        "Floden steg over vejen efter flere dages regn. Skolen var lukket.",
        "Der opstod brand i skoven. Brandmændene reddede dyrene.",
    ),
    "de": (
        "Hagel zerschlug die Dächer der Häuser im Dorf. Viele Fenster zerbrachen.",
        "Der Fluss stieg nach Tagen des Regens über die Straße. Die Schule blieb geschlossen.",
        "Im Wald brach ein Feuer aus. Feuerwehrleute retteten die Tiere.",
    ),
    "el": (
        "Το χαλάζι έσπασε τις στέγες των σπιτιών στο χωριό. Πολλά παράθυρα έσπασαν.",
        "Το ποτάμι ανέβηκε πάνω από τον δρόμο μετά από μέρες βροχής. Το σχολείο έκλεισε.",
        "Στο δάσος ξέσπασε φωτιά. Οι πυροσβέστες έσωσαν τα ζώα.",
    ),
    "en": (
        "Hail broke the roofs of houses in the village. Many windows cracked.",
        "The river rose over the road after days of rain. The school stayed closed.",
        "A fire broke out in the forest. Firefighters rescued the animals.",
    ),
    "es": (
        "El granizo rompió los tejados de las casas del pueblo. Muchas ventanas se quebraron.",
        "El río subió sobre la carretera tras días de lluvia. La escuela quedó cerrada.",
        "Un incendio comenzó en el bosque. Los bomberos rescataron a los animales.",
    ),
    "fi": (
        "Rakeet rikkoivat talojen katot kylässä. Monta ikkunaa meni rikki.",
        "Joki nousi tielle usean päivän sateen jälkeen. Koulu pysyi suljettuna.",
        "Metsässä syttyi tulipalo. Palomiehet pelastivat eläimet.",
    ),
    "fr": (
        "La grêle a brisé les toits des maisons du village. L'église a perdu ses fenêtres.",
        "La rivière est montée sur la route après des jours de pluie. L'école est restée fermée.",
        "Un incendie s'est déclaré dans la forêt. Les pompiers ont sauvé les animaux.",
    ),
    "he": (
        "ברד שבר גגות בכפר. חלונות רבים נסדקו.",
        "נהר עלה על כביש אחרי ימי גשם. בית ספר נשאר סגור.",
        "שריפה פרצה ביער. כבאים הצילו חיות.",
    ),
    "hi": (
        "ओलों ने गाँव के घरों की छतें तोड़ दीं। कई खिड़कियाँ टूट गईं।",
        "कई दिनों की बारिश के बाद नदी सड़क पर आ गई। विद्यालय बंद रहा।",
        "जंगल में आग लग गई। दमकल ने जानवरों को बचाया।",
    ),
    "hu": (
        "A jégeső betörte a házak tetejét a faluban. Sok ablak megrepedt.",
        "A folyó napokig tartó eső után kiöntött az útra. Az iskola zárva maradt.",
        "Tűz ütött ki az erdőben. A tűzoltók megmentették az állatokat.",
    ),
    "it": (
        "La grandine ha rotto i tetti delle case nel villaggio. L'ospedale ha perso molte finestre.",
        "Il fiume è salito sulla strada dopo giorni di pioggia. L'acqua ha chiuso la scuola.",
        "Un incendio è scoppiato nella foresta. I pompieri hanno salvato gli animali.",
    ),
    "ja": (
        "村で雹が家の屋根を壊しました。多くの窓が割れました。",
        "何日も雨が続き、川の水が道路にあふれました。学校は休みになりました。",
        "森で火事が起きました。消防士が動物を助けました。",
    ),
    "nl": (
        "Hagel vernielde de daken van huizen in het dorp. Veel ramen braken.",
        "De rivier kwam na dagen regen over de weg. De school bleef gesloten.",
        "In het bos brak brand uit. Brandweerlieden redden de dieren.",
    ),
    "no": (
        "Hagl ødela takene på husene i landsbyen. Vinduene ble knust.",
        "Elven steg over veien etter flere dager med regn. Skolen var stengt.",
        "Det brøt ut brann i skogen. Brannmennene reddet dyrene.",
    ),
    "pl": (
        "Grad zniszczył dachy domów we wsi. Pękło wiele okien.",
        "Rzeka wylała na drogę po kilku dniach deszczu. Szkoła była zamknięta.",
        "W lesie wybuchł pożar. Strażacy uratowali zwierzęta.",
    ),
    "pt": (
        "O granizo quebrou os telhados das casas da aldeia. Muitas janelas partiram.",
        "O rio subiu sobre a estrada depois de dias de chuva. A escola ficou fechada.",
        "Um incêndio começou na floresta. Os bombeiros salvaram os animais.",
    ),
    "ro": (
        "Grindina a spart acoperișurile caselor din sat. Multe ferestre s-au crăpat.",
        "Râul a crescut peste drum după zile de ploaie. Școala a rămas închisă.",
        "Un incendiu a izbucnit în pădure. Pompierii au salvat animalele.",
    ),
    "ru": (
        "Град разбил крыши домов в деревне. Треснуло много окон.",
        "Река поднялась выше дороги после нескольких дней дождя. Школа закрылась.",
        "В лесу начался пожар. Пожарные спасли животных.",
    ),
    "sv": (
        "Hagel krossade taken på husen i byn. Många fönster gick sönder.",
        "Floden steg över vägen efter dagar av regn. Skolan var stängd.",
        "En brand bröt ut i skogen. Brandmännen räddade djuren.",
    ),
    "th": (
        "ลูกเห็บทำให้หลังคาบ้านในหมู่บ้านแตก หน้าต่างหลายบานพัง",
        "น้ำในแม่น้ำท่วมถนนหลังฝนตกหลายวัน โรงเรียนปิด",
        "เกิดไฟไหม้ในป่า นักดับเพลิงช่วยสัตว์",
    ),
    "tr": (
        "Dolu, köydeki evlerin çatılarını kırdı. Iğdır'da birçok pencere çatladı.",
        "Günlerce süren yağmurdan sonra nehir yola taştı. İstanbul'da okullar kapandı.",
        "Ormanda yangın çıktı. İtfaiyeciler hayvanları kurtardı.",
    ),
    "zh": (
        "冰雹打破了村里房屋的屋顶。很多窗户破裂了。",
        "连日下雨以后，河水漫过了道路。学校关闭了。",
        "森林里发生了火灾。消防员救出了动物。",
    ),
}
"""Per language: damage by hail, a flood, a fire; two sentences each."""

QUESTIONS: dict[str, tuple[str, str, str]] = {
    "ar": ("البرد", "النهر", "الغابة"), "cs": ("střecha", "silnice", "zvíře"),
    "da": ("tag", "veje", "skove"), "de": ("Dach", "Straßen", "Tier"), "el": ("στέγη", "δρόμοι", "δάσος"),
    "en": ("roof", "roads", "forests"), "es": ("tejado", "carreteras", "bosques"),
    "fi": ("talo", "koulu", "metsä"), "fr": ("églises", "écoles", "pompier"),
    "he": ("גגות", "נהר", "שריפה"), "hi": ("खिड़की", "नदी", "जानवर"), "hu": ("falu", "iskolában", "erdő"),
    "it": ("ospedali", "scuole", "animale"), "ja": ("屋根", "道路", "動物"),
    "nl": ("huis", "scholen", "dier"),
    "no": ("tak", "elver", "skoger"), "pl": ("dach", "rzeki", "pożary"),
    "pt": ("telhado", "estradas", "incêndios"), "ro": ("casele", "drumul", "animal"),
    "ru": ("крыша", "дорога", "пожара"), "sv": ("tak", "vägar", "skog"), "th": ("หลังคา", "ถนน", "สัตว์"),
    "tr": ("IĞDIR", "İSTANBUL", "hayvanlar"), "zh": ("屋顶", "道路", "动物"),
}  # fmt: skip
"""Per language: a question for each report, in another form than the report has where there are forms."""
