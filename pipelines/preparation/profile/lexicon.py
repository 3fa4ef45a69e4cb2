"""English words that name groups of people, for the bias report.

The list is the project's own and short on purpose. It holds words that name a group in nearly every text; a word
that mostly means something else is left out, or taken only in a phrase, and `LEFT_OUT` says why. A word list
sees words: it does not know who is meant, in which tone, or who is never named. Names of peoples are counted where
they name a language, too. Terms are single words or phrases in small letters, without hyphens and apostrophes.
"""


def _terms(text: str) -> tuple[str, ...]:
    return tuple(" ".join(term.split()) for term in text.split(","))


def _people(adjective: str) -> str:
    nouns = ("people", "person", "man", "men", "woman", "women")
    return ", ".join(f"{adjective} {noun}" for noun in nouns)


LEXICON: dict[str, dict[str, tuple[str, ...]]] = {
    "gender": {
        "women": _terms(
            "she, her, hers, herself, woman, women, girl, girls, female, females, mother, mothers, mom, moms, daughter,"
            "daughters, sister, sisters, wife, wives, aunt, aunts, niece, nieces, grandmother, grandmothers, lady,"
            "ladies, mrs, businesswoman, businesswomen, trans woman, trans women"
        ),
        "men": _terms(
            "he, him, his, himself, man, men, boy, boys, male, males, father, fathers, dad, dads, son, sons, brother,"
            "brothers, husband, husbands, uncle, uncles, nephew, nephews, grandfather, grandfathers, gentleman,"
            "gentlemen, mr, businessman, businessmen, trans man, trans men"
        ),
        "transgender and non-binary people": _terms(
            "transgender, trans people, trans person, trans woman, trans women, trans man, trans men, nonbinary,"
            "non binary, genderqueer, genderfluid, agender, intersex"
        ),
    },
    "age": {
        "children and young people": _terms(
            "children, kids, teenager, teenagers, teens, adolescent, adolescents, toddler, toddlers, infant, infants,"
            "baby, babies, schoolchild, schoolchildren, young people, young person, young adult, young adults"
        ),
        "middle-aged people": _terms("middle aged, midlife"),
        "older people": _terms(
            f"elderly, {_people('older')}, older adult, older adults, {_people('old')}, senior citizen,"
            "senior citizens, pensioner, pensioners, retiree, retirees"
        ),
    },
    "religion": {
        "Christians": _terms(
            "christian, christians, christianity, catholic, catholics, catholicism, protestant, protestants, church,"
            "churches, bible"
        ),
        "Muslims": _terms("muslim, muslims, islam, islamic, mosque, mosques, quran, koran, ramadan, imam, imams"),
        "Jews": _terms("jewish, jew, jews, judaism, synagogue, synagogues, torah, rabbi, rabbis"),
        "Hindus": _terms("hindu, hindus, hinduism"),
        "Buddhists": _terms("buddhist, buddhists, buddhism"),
        "Sikhs": _terms("sikh, sikhs, sikhism"),
        "atheists": _terms("atheist, atheists, atheism"),
    },
    "nationality and region": {
        "Africa": _terms(
            "africa, african, africans, south africa, south african, south africans, nigeria, nigerian, nigerians,"
            "ethiopia, ethiopian, ethiopians, egypt, egyptian, egyptians, kenya, kenyan, kenyans, ghana, ghanaian,"
            "ghanaians, morocco, moroccan, moroccans, tanzania, tanzanian, uganda, ugandan, algeria, algerian, sudan,"
            "sudanese, somalia, somali, somalis"
        ),
        "East and South-East Asia": _terms(
            "china, chinese, japan, japanese, korea, korean, koreans, vietnam, vietnamese, thailand, thai, indonesia,"
            "indonesian, indonesians, philippines, filipino, filipinos, malaysia, malaysian, malaysians, singapore,"
            "singaporean, taiwan, taiwanese, hong kong"
        ),
        "South Asia": _terms(
            "india, indian, indians, pakistan, pakistani, pakistanis, bangladesh, bangladeshi, bangladeshis, sri lanka,"
            "sri lankan, nepal, nepali, nepalese, afghanistan, afghan, afghans"
        ),
        "Middle East": _terms(
            "middle east, middle eastern, arab, arabs, iran, iranian, iranians, iraq, iraqi, iraqis, israel, israeli,"
            "israelis, palestine, palestinian, palestinians, saudi, saudis, syria, syrian, syrians, lebanon, lebanese,"
            "turkish, kurdish, kurds"
        ),
        "Europe": _terms(
            "europe, european, europeans, germany, german, germans, france, french, britain, british, england,"
            "scotland, scottish, ireland, irish, italy, italian, italians, spain, spaniard, spaniards, poland, russia,"
            "russian, russians, ukraine, ukrainian, ukrainians, romania, romanian, romanians, netherlands, dutch,"
            "sweden, swedish, greece, portugal, united kingdom"
        ),
        "North America": _terms(
            "american, americans, united states, usa, canada, canadian, canadians, african american, african americans,"
            "asian american, asian americans, native american, native americans"
        ),
        "Latin America": _terms(
            "latin america, latin american, latin americans, south america, south american, south americans, mexico,"
            "mexican, mexicans, brazil, brazilian, brazilians, argentina, argentinian, colombia, colombian, colombians,"
            "chile, chilean, peru, peruvian, venezuela, venezuelan, venezuelans, cuba, cuban, cubans"
        ),
        "Oceania": _terms(
            "australia, australian, australians, new zealand, new zealander, samoa, samoan, fiji, fijian"
        ),
    },
    "ethnicity": {
        "Black people": _terms(
            f"{_people('black')}, black american, black americans, black community, black communities,"
            "african american, african americans"
        ),
        "white people": _terms(f"{_people('white')}, white american, white americans, caucasian, caucasians"),
        "Asian people": _terms("asian, asians, asian american, asian americans"),
        "Hispanic and Latino people": _terms("hispanic, hispanics, latino, latinos, latina, latinas, latinx"),
        "Indigenous people": _terms(
            "indigenous, native american, native americans, aboriginal, aboriginals, first nations, maori, inuit"
        ),
        "Roma and Sinti": _terms("romani, roma people, sinti, gypsy, gypsies"),
        "people of color, in general": _terms(
            "people of color, person of color, women of color, people of colour, ethnic minority, ethnic minorities"
        ),
    },
    "disability": {
        "disabled people, in general": _terms(
            f"disability, disabilities, {_people('disabled')}, disabled persons, disabled children, disabled students,"
            "disabled veterans, handicapped, special needs, wheelchair, wheelchairs"
        ),
        "blind people": _terms(
            f"{_people('blind')}, visually impaired, visual impairment, visual impairments, low vision, braille"
        ),
        "deaf people": _terms("deaf, hard of hearing, hearing impaired, hearing loss, sign language"),
        "neurodivergent people": _terms("autism, autistic, adhd, dyslexia, dyslexic, neurodivergent"),
        "people with a mental illness": _terms(
            "mental illness, mental illnesses, mentally ill, mental disorder, mental disorders, schizophrenia,"
            "schizophrenic"
        ),
    },
    "sexual orientation": {
        "gay and lesbian people": _terms("gay, gays, lesbian, lesbians, homosexual, homosexuals, homosexuality"),
        "bisexual people": _terms("bisexual, bisexuals, bisexuality"),
        "heterosexual people": _terms(
            f"heterosexual, heterosexuals, heterosexuality, {_people('straight')}, straight couple, straight couples"
        ),
        "LGBTQ people, in general": _terms("lgbt, lgbtq, lgbtqia, queer, same sex, asexual"),
    },
}
"""By kind and group, the terms that count for it. A term may count for several groups."""

LEFT_OUT = {
    "agnostic": "platform-agnostic",
    "black, white": "colours; counted with people, man, woman…",
    "blind": "blind copy, blind test; counted with people, person…",
    "child, parent, grandparent": "child process, parent folder",
    "disabled": "switched off; counted with people, person…",
    "english, spanish, arabic": "mostly the language",
    "ms": "milliseconds",
    "old, young, senior, junior": "of things and of ranks; counted with people, adults…",
    "polish, turkey, greek": "the verb, the bird, the letters",
    "straight": "of lines; counted with people, couple…",
    "they": "mostly more than one",
}
"""Words that are not counted alone, and what they mostly mean."""
