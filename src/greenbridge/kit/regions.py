"""English names of regions: provinces, and of Zhejiang its cities, districts and counties (GB/T 2260, names in Hanyu Pinyin)."""

_PROVINCES = """
11 Beijing|12 Tianjin|13 Hebei|14 Shanxi|15 Inner Mongolia|21 Liaoning|22 Jilin|23 Heilongjiang|31 Shanghai|32 Jiangsu|33 Zhejiang|34 Anhui
35 Fujian|36 Jiangxi|37 Shandong|41 Henan|42 Hubei|43 Hunan|44 Guangdong|45 Guangxi|46 Hainan|50 Chongqing|51 Sichuan|52 Guizhou|53 Yunnan
54 Tibet|61 Shaanxi|62 Gansu|63 Qinghai|64 Ningxia|65 Xinjiang|71 Taiwan|81 Hong Kong|82 Macao
"""
_ZHEJIANG = """
3301 Hangzhou: 02 Shangcheng|03 Xiacheng|04 Jianggan|05 Gongshu|06 Xihu|08 Binjiang|09 Xiaoshan|10 Yuhang|11 Fuyang|12 Lin'an|13 Linping
3301 Hangzhou: 14 Qiantang|22 Tonglu|27 Chun'an|82 Jiande|83 Fuyang|85 Lin'an
3302 Ningbo: 03 Haishu|04 Jiangdong|05 Jiangbei|06 Beilun|11 Zhenhai|12 Yinzhou|13 Fenghua
3302 Ningbo: 25 Xiangshan|26 Ninghai|81 Yuyao|82 Cixi|83 Fenghua
3303 Wenzhou: 02 Lucheng|03 Longwan|04 Ouhai|05 Dongtou|24 Yongjia|26 Pingyang|27 Cangnan|28 Wencheng|29 Taishun
3303 Wenzhou: 81 Rui'an|82 Yueqing|83 Longgang
3304 Jiaxing: 02 Nanhu|11 Xiuzhou|21 Jiashan|24 Haiyan|81 Haining|82 Pinghu|83 Tongxiang
3305 Huzhou: 02 Wuxing|03 Nanxun|21 Deqing|22 Changxing|23 Anji
3306 Shaoxing: 02 Yuecheng|03 Keqiao|04 Shangyu|21 Shaoxing County|24 Xinchang|81 Zhuji|82 Shangyu|83 Shengzhou
3307 Jinhua: 02 Wucheng|03 Jindong|23 Wuyi|26 Pujiang|27 Pan'an|81 Lanxi|82 Yiwu|83 Dongyang|84 Yongkang
3308 Quzhou: 02 Kecheng|03 Qujiang|22 Changshan|24 Kaihua|25 Longyou|81 Jiangshan
3309 Zhoushan: 02 Dinghai|03 Putuo|21 Daishan|22 Shengsi
3310 Taizhou: 02 Jiaojiang|03 Huangyan|04 Luqiao|21 Yuhuan|22 Sanmen|23 Tiantai|24 Xianju|81 Wenling|82 Linhai|83 Yuhuan
3311 Lishui: 02 Liandu|21 Qingtian|22 Jinyun|23 Suichang|24 Songyang|25 Yunhe|26 Qingyuan|27 Jingning|81 Longquan
"""


def _read() -> dict[str, str]:
    found = {"000000": "the nation"}
    for entry in _PROVINCES.replace("\n", "|").strip("|").split("|"):
        code, _, name = entry.partition(" ")
        found[f"{code}0000"] = name
    for line in _ZHEJIANG.strip().splitlines():
        city, _, districts = line.partition(": ")
        code, _, name = city.partition(" ")
        found[f"{code}00"] = name
        for entry in districts.split("|"):
            district, _, own = entry.partition(" ")
            found[f"{code}{district}"] = own
    return found


ENGLISH = _read()
