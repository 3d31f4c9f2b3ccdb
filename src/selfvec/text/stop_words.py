"""Stop words of languages for which no installed library has a list of function words only."""

from __future__ import annotations

__all__ = ["OWN"]

_CHINESE = """
的 了 和 与 或 及 而 但 但是 而且 因为 所以 如果 虽然 然而 因此 并 并且 也 都 就 还 又 再 才 只 很 更 最
太 不 没 没有 是 在 有 被 把 从 到 对 为 以 于 由 向 给 让 使 比 跟 同 自 之 其 这 那 这个 那个 这些
那些 这里 那里 我 你 您 他 她 它 我们 你们 他们 她们 它们 自己 什么 谁 哪 哪里 怎么 怎样 为什么 多少 几
吗 呢 吧 啊 着 过 地 得 们 个 些 时 等 上 下 中 里 一个 一些 会 能 可以 要 将 已 已经 曾 正在 过了
"""
_TRADITIONAL = _CHINESE.translate(
    str.maketrans(
        "与并虽这为从对让给没还才着过们个时里将经会个当么谁几吗后于样",
        "與並雖這為從對讓給沒還才著過們個時裡將經會個當麼誰幾嗎後於樣",
    )
)

OWN = {
    "ar": """
في من على إلى عن مع بين حتى منذ خلال بعد قبل عند لدى حول دون ضد تحت فوق أمام وراء و أو ثم أم بل لكن لأن
إن أن كي لا لم لن ما ليس هل قد سوف كان كانت كانوا يكون تكون هو هي هم هن هما أنا نحن أنت أنتم هذا هذه
هؤلاء ذلك تلك أولئك الذي التي الذين اللذان اللواتي كل بعض أي غير مثل كما إذا إذ لو كيف متى أين ماذا
لماذا هنا هناك أيضا فقط جدا به بها له لها لهم فيه فيها منه منها عليه عليها إليه إليها عنه عنها وهو وهي
وكان وقد ولا وفي ومن وعلى
""",
    "fi": """
ja tai sekä mutta vaan että jos kun kuin koska vaikka niin myös eli eikä ei en et emme ette eivät ole
olla olen olet on olemme olette ovat oli olin olit olimme olitte olivat ollut olleet olisi olisivat minä
sinä hän me te he se ne tämä tuo nämä nuo minun sinun hänen meidän teidän heidän sen niiden tämän tuon
näiden noiden minua sinua häntä meitä teitä heitä sitä niitä tätä tuota näitä siinä siitä siihen sillä
siltä sille niissä niistä niihin niillä tässä tästä tähän tällä joka jotka jonka joiden jota joita jossa
josta johon jolla jolle joissa joista joihin mikä mitä missä mistä mihin kuka ketä kenen jo vielä nyt
sitten vain hyvin kanssa ilman ennen jälkeen aikana yli alle mukaan vastaan kautta kuten
""",
    "he": """
של על את אל עם מן בין עד לפני אחרי תחת מעל ליד בלי לפי כמו כי אם או אבל אלא גם רק כן לא אין יש היה היתה
הייתה היו יהיה תהיה יהיו הוא היא הם הן אני אתה אנחנו אתם אתן זה זאת זו אלה אלו אשר כל כך מה מי איך איפה
מתי למה מדוע לו לה להם להן לי לך לנו לכם שלו שלה שלהם שלי שלך שלנו בו בה בהם ממנו ממנה אותו אותה אותם
אותי אותנו עוד כבר מאוד שם כאן אז
""",
    "hu": """
a az egy és s vagy de hanem hogy ha mint mert mivel bár azonban tehát pedig is sem se nem ne igen csak
még már majd itt ott ez ezt ezek ezeket azt azok azokat ennek annak ebben abban ebből abból erre arra
erről arról ezzel azzal ehhez ahhoz ezen azon ilyen olyan így úgy én te ő mi ti ők engem téged őt minket
titeket őket nekem neked neki nekünk nektek nekik velem veled vele velünk veletek velük maga magát saját
aki akik akit akiket akinek ami amik amit amiket aminek amely amelyek amelyet amelynek ahol ahová
ahonnan amikor ki kik kit mit miért hol hova mikor hogyan milyen melyik mennyi minden valami valaki
semmi senki van vannak volt voltak volna lesz lesznek lenne lett lettek lenni vagyok vagyunk nincs
nincsenek sincs kell fog fognak meg el be fel le át rá össze vissza alatt által előtt felett fölött
között közben mellett mögött után óta során szerint nélkül ellen miatt felé iránt helyett számára nagyon
egyik másik most akkor aztán
""",
    "ja": """
の に は を が と で も から まで より へ や か ね よ な ば て た だ です ます でした ました ません
でしょう だろう である する した して し される され せる させる なる なっ なり ある あっ あり いる い
られる れる れ ない なく なかっ この その あの どの これ それ あれ どれ ここ そこ あそこ どこ こと もの
ため とき よう など また および そして しかし ただし ので のに ながら つつ だけ しか ほど くらい ぐらい
ばかり という といった として について によって により における において に対して 私 彼 彼女 我々 何 誰
さん お ご
""",
    "pl": """
i oraz a ale lecz lub albo czy że żeby aby ponieważ bo gdy kiedy jeśli jeżeli jak jako niż więc zatem
jednak też także również tylko już jeszcze nie tak no by być jest są był była było byli były będzie będą
będę jestem jesteś jesteśmy w we z ze na do od dla o po pod nad przed za przez przy bez u między ku
wśród około podczas oprócz ja ty on ona ono my wy oni one mnie mi ciebie cię ci jego go jemu mu jej ją
nas nam was wam ich im nich nim niej nią się siebie sobie sobą mój moja moje twój twoja swój swoja swoje
nasz nasza wasz ten ta to tego tej temu tym tę tą te tych tymi tamten tamta tamto który która które
którego której któremu którym którą których którymi co czego czemu kto kogo komu kim gdzie skąd dokąd
dlaczego jaki jaka jakie taki taka takie każdy każda każde wszystko wszyscy wszystkie coś ktoś nic nikt
bardzo tu tam
""",
    "th": """
ที่ ซึ่ง อัน และ หรือ แต่ เพราะ ถ้า หาก เมื่อ ว่า ก็ จึง ดังนั้น ใน บน ใต้ จาก ถึง ไป มา ให้ กับ แก่ ต่อ
โดย ด้วย ของ แห่ง เพื่อ สำหรับ ตาม ระหว่าง ตั้งแต่ จน กว่า เป็น คือ มี อยู่ ได้ จะ กำลัง แล้ว ยัง เคย
ต้อง ควร อาจ ถูก ไม่ ไม่ได้ มิ นี้ นั้น โน้น นี่ นั่น ผม ฉัน ดิฉัน เรา คุณ ท่าน เขา เธอ มัน พวกเขา
ตัวเอง อะไร ใคร ไหน ทำไม อย่างไร เท่าไร กี่ ทุก บาง หลาย แต่ละ เอง เลย นะ ครับ ค่ะ คะ มาก ๆ การ ความ
ขึ้น ลง เข้า ออก
""",
    "zh": _CHINESE,
    "zh-hant": _TRADITIONAL,
}
"""By code of a language: function words in lower case, separated by white space."""
