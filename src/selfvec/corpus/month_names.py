"""Names of months and days of the week, as dates are written in the languages of `selfvec.text.languages`.

Names are in lower case and without full stops. Japanese, Chinese and Korean number their months.
"""

from __future__ import annotations

from unicodedata import normalize

# A line for each language: twelve months, divided by bars, each with its forms in dates and its short forms.
_LINES = """
jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october|\
nov november|dec december
يناير|فبراير شباط|مارس آذار|أبريل ابريل إبريل نيسان|مايو أيار|يونيو يونيه حزيران|يوليو يوليه تموز|\
أغسطس اغسطس آب|سبتمبر أيلول|أكتوبر اكتوبر|نوفمبر|ديسمبر
януари яну ян|февруари фев|март мар|април апр|май|юни юн|юли юл|август авг|септември сеп септ|октомври окт|\
ноември ное ноем|декември дек
gener gen|febrer febr|març|abril abr|maig|juny|juliol jul|agost ag|setembre set|octubre oct|novembre nov|\
desembre des
leden ledna led|únor února úno|březen března bře|duben dubna dub|květen května kvě|červen června čvn|\
červenec července čvc|srpen srpna srp|září zář|říjen října říj|listopad listopadu lis|prosinec prosince pro
ionawr ion|chwefror chwef chw|mawrth maw|ebrill ebr ebrill|mai|mehefin meh|gorffennaf gorff gor|awst aws|\
medi|hydref hyd|tachwedd tach|rhagfyr rhag
januar|februar|marts|april|maj|juni|juli|august|september|oktober okt|november|december
januar jänner jan jän|februar feber feb|märz mär mrz|april|mai|juni|juli|august|september|oktober okt|\
november|dezember dez
ιανουάριος ιανουαρίου ιαν|φεβρουάριος φεβρουαρίου φεβ|μάρτιος μαρτίου μάρ μαρ|απρίλιος απριλίου απρ|\
μάιος μαΐου μαίου μάι μαΐ μαϊ|ιούνιος ιουνίου ιούν ιουν|ιούλιος ιουλίου ιούλ ιουλ|\
αύγουστος αυγούστου αύγ αυγ|σεπτέμβριος σεπτεμβρίου σεπ σεπτ|οκτώβριος οκτωβρίου οκτ|\
νοέμβριος νοεμβρίου νοέ νοε|δεκέμβριος δεκεμβρίου δεκ
januaro|februaro|marto|aprilo|majo|junio|julio|aŭgusto aŭg|septembro|oktobro|novembro|decembro
enero ene|febrero|marzo|abril abr|mayo|junio|julio|agosto ago|septiembre setiembre|octubre|noviembre|\
diciembre dic
jaanuar jaan|veebruar veebr|märts|aprill apr|mai|juuni|juuli|august|september sept|oktoober okt|november|\
detsember dets
urtarrila urtarrilaren urtarrilak urt|otsaila otsailaren otsailak ots|martxoa martxoaren martxoak|\
apirila apirilaren apirilak api|maiatza maiatzaren maiatzak mai|ekaina ekainaren ekainak eka|\
uztaila uztailaren uztailak uzt|abuztua abuztuaren abuztuak abu|iraila irailaren irailak ira|\
urria urriaren urriak urr|azaroa azaroaren azaroak aza|abendua abenduaren abenduak abe
ژانویه ژانویهٔ|فوریه فوریهٔ|مارس|آوریل|مه مهٔ|ژوئن|ژوئیه ژوئیهٔ جولای|اوت اوت|سپتامبر|اکتبر|نوامبر|دسامبر
tammikuu tammikuuta tammi|helmikuu helmikuuta helmi|maaliskuu maaliskuuta maalis|\
huhtikuu huhtikuuta huhti|toukokuu toukokuuta touko|kesäkuu kesäkuuta kesä|heinäkuu heinäkuuta heinä|\
elokuu elokuuta elo|syyskuu syyskuuta syys|lokakuu lokakuuta loka|marraskuu marraskuuta marras|\
joulukuu joulukuuta joulu
janvier janv|février fevrier févr fév fev|mars|avril avr|mai|juin|juillet juil|août aout|septembre|octobre|\
novembre|décembre decembre déc
eanáir ean|feabhra feabh|márta|aibreán aib|bealtaine beal|meitheamh meith|iúil|lúnasa lún|meán mfómh|\
deireadh dfómh|samhain samhna samh|nollaig nollag noll
ינואר ינו|פברואר פבר|מרץ מרס|אפריל אפר|מאי|יוני|יולי|אוגוסט אוג|ספטמבר ספט|אוקטובר אוק|נובמבר נוב|דצמבר דצמ
जनवरी जन|फ़रवरी फरवरी फ़र|मार्च|अप्रैल|मई|जून|जुलाई जुल|अगस्त अग|सितंबर सितम्बर सित|अक्टूबर अक्तूबर अक्टू|\
नवंबर नवम्बर नव|दिसंबर दिसम्बर दिस
január|február febr|március márc|április ápr|május máj|június jún|július júl|augusztus|szeptember szept|\
október okt|november|december
հունվար հունվարի հնվ|փետրվար փետրվարի փտվ|մարտ մարտի մրտ|ապրիլ ապրիլի ապր|մայիս մայիսի մյս|\
հունիս հունիսի հնս|հուլիս հուլիսի հլս|օգոստոս օգոստոսի օգս|սեպտեմբեր սեպտեմբերի սեպ|հոկտեմբեր հոկտեմբերի հոկ|\
նոյեմբեր նոյեմբերի նոյ|դեկտեմբեր դեկտեմբերի դեկ
januari|februari|maret|april|mei|juni|juli|agustus agt agu|september|oktober okt|november|desember des
janúar|febrúar|mars|apríl|maí|júní|júlí|ágúst ágú|september|október|nóvember nóv|desember des
gennaio gen|febbraio febbr|marzo|aprile|maggio mag|giugno giu|luglio lug|agosto ago|settembre sett|\
ottobre ott|novembre|dicembre dic
sausis sausio saus|vasaris vasario vas|kovas kovo kov|balandis balandžio bal|gegužė gegužės geg|\
birželis birželio birž|liepa liepos liep|rugpjūtis rugpjūčio rugp|rugsėjis rugsėjo rugs|spalis spalio spal|\
lapkritis lapkričio lapkr|gruodis gruodžio gruod
janvāris janvārī|februāris februārī|marts martā|aprīlis aprīlī|maijs maijā|jūnijs jūnijā jūn|\
jūlijs jūlijā jūl|augusts augustā|septembris septembrī|oktobris oktobrī|novembris novembrī|decembris decembrī
जनवरी|फेब्रुअरी|मार्च|अप्रिल|मे|जुन|जुलाई|अगस्ट|सेप्टेम्बर|अक्टोबर|नोभेम्बर|डिसेम्बर
januari|februari|maart mrt|april|mei|juni|juli|augustus|september|oktober okt|november|december
januar|februar|mars|april|mai|juni|juli|august|september|oktober okt|november|desember des
styczeń stycznia sty|luty lutego lut|marzec marca|kwiecień kwietnia kwi|maj maja|czerwiec czerwca cze|\
lipiec lipca lip|sierpień sierpnia sie|wrzesień września wrz|październik października paź|\
listopad listopada lis|grudzień grudnia gru
janeiro|fevereiro fev|março|abril abr|maio mai|junho|julho|agosto ago|setembro set|outubro out|novembro|\
dezembro dez
ianuarie ian|februarie|martie mart|aprilie|mai|iunie iun|iulie iul|august|septembrie|octombrie|noiembrie noi|\
decembrie
январь января янв|февраль февраля фев февр|март марта мар|апрель апреля апр|май мая|июнь июня июн|\
июль июля июл|август августа авг|сентябрь сентября сен сент|октябрь октября окт|ноябрь ноября ноя нояб|\
декабрь декабря дек
január januára|február februára|marec marca|apríl apríla|máj mája|jún júna|júl júla|august augusta|\
september septembra|október októbra okt|november novembra|december decembra
januar januarja|februar februarja|marec marca|april aprila|maj maja|junij junija|julij julija|\
avgust avgusta avg|september septembra|oktober oktobra okt|november novembra|december decembra
јануар јануара јан januara|фебруар фебруара феб februara|март марта mart marta|април априла aprila|\
мај маја maja|јун јуни јуна juna|јул јули јула jula|август августа avgust avgusta avg|\
септембар септембра сеп septembar septembra|октобар октобра окт oktobar oktobra|\
новембар новембра нов novembar novembra|децембар децембра дец decembar decembra
januari|februari|mars|april|maj|juni|juli|augusti|september|oktober okt|november|december
ஜனவரி ஜன|பிப்ரவரி பிப்|மார்ச் மார்|ஏப்ரல் ஏப்|மே|ஜூன்|ஜூலை|ஆகஸ்ட் ஆக|செப்டம்பர் செப்|அக்டோபர் அக்|நவம்பர் நவ|டிசம்பர் டிச
ocak oca|şubat şub|mart|nisan nis|mayıs|haziran haz|temmuz tem|ağustos ağu|eylül eyl|ekim eki|kasım kas|\
aralık ara
січень січня січ|лютий лютого лют|березень березня бер|квітень квітня кві квіт|травень травня тра трав|\
червень червня чер черв|липень липня лип|серпень серпня сер серп|вересень вересня вер|\
жовтень жовтня жов жовт|листопад листопада лис лист|грудень грудня гру груд
יאַנואַר יאנואר|פֿעברואַר פעברואר|מערץ|אַפּריל אפריל אַפּר|מיי|יוני|יולי|אויגוסט|סעפּטעמבער סעפטעמבער סעפּ|אקטאבער אקט|\
נאוועמבער נאוו|דעצעמבער דעצ
"""
_THAI = (
    "มกราคม มค|กุมภาพันธ์ กพ|มีนาคม มีค|เมษายน เมย|พฤษภาคม พค|มิถุนายน มิย|กรกฎาคม กค|สิงหาคม สค|กันยายน กย|"
    "ตุลาคม ตค|พฤศจิกายน พย|ธันวาคม ธค"
)

THAI = 12
"""It is added to the number of a month in Thai, whose years may be counted from the Buddha's death."""

_BESIDE = """
a ad an ce d da de del den der di do e el er ere g gada i ik ja ko l la le les m mis n nd o of on r rd re rok
roku s st th the u án én г год года року р й го թ ב ה טן סטן שנת fómhair عام سنة م º ª του พศ ที่ วันที่
"""

_WEEKDAYS = """
mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday
mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag
lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche
lunes martes mié mie miércoles jue jueves vie viernes sáb sábado dom domingo
lunedì martedì mercoledì gio giovedì venerdì sab sabato domenica
segunda terça quarta quinta sexta segunda-feira terça-feira quarta-feira quinta-feira sexta-feira feira
maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma woe vr za zo
mandag tirsdag onsdag torsdag fredag lørdag søndag man tir ons tor fre lør søn
måndag tisdag lördag söndag mån tis lör sön
maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai maanantaina tiistaina keskiviikkona
torstaina perjantaina lauantaina sunnuntaina ke pe su
poniedziałek wtorek środa czwartek piątek sobota niedziela pon wt śr czw pt sob niedz
pondělí úterý středa čtvrtek pátek neděle po út st čt pá ne
pondelok utorok streda štvrtok piatok nedeľa
понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс
понеділок вівторок середа четвер п'ятниця субота неділя нд
понеделник сряда четвъртък петък събота
hétfő kedd szerda csütörtök péntek szombat vasárnap
luni marți miercuri joi vineri sâmbătă duminică
pazartesi salı çarşamba perşembe cuma cumartesi pazar pzt sal çar per cum cmt paz
δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή
dilluns dimarts dimecres dijous divendres dissabte diumenge
senin selasa rabu kamis jumat sabtu minggu
الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد יום שני שלישי רביעי חמישי שישי שבת ראשון
ponedeljek torek sreda četrtek petek nedelja ponedeljak utorak četvrtak petak subota nedjelja
esmaspäev teisipäev kolmapäev neljapäev reede laupäev pühapäev
pirmdiena otrdiena trešdiena ceturtdiena piektdiena sestdiena svētdiena
pirmadienis antradienis trečiadienis ketvirtadienis penktadienis šeštadienis sekmadienis
"""


def _months() -> dict[str, int]:
    """The number of each name; 13 to 24 in Thai."""
    found: dict[str, int] = {}
    for line in filter(None, _LINES.replace("\\\n", "").splitlines()):
        for number, names in enumerate(line.split("|"), 1):
            found |= dict.fromkeys(names.split(), number)
    found |= {
        f"ב{name}": number for name, number in found.items() if "א" <= name[0] <= "ת"
    }  # Hebrew: in June
    for number, names in enumerate(_THAI.split("|"), 1):
        found |= dict.fromkeys(names.split(), THAI + number)
    return {normalize("NFC", name): number for name, number in found.items()}


MONTHS = _months()
WEEKDAYS = frozenset(_WEEKDAYS.split()) - MONTHS.keys()
BESIDE_MONTHS = frozenset(_BESIDE.split())
"""What else is written in a date with the name of a month: of the, gada, 18th."""
