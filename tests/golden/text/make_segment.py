#!/usr/bin/python3
"""Writes segment.jsonl: sentences of our own and how python3-jieba 0.42.1 cuts them.

usage: make_segment.py >segment.jsonl      (Debian 12's /usr/bin/python3 with python3-jieba)
"""
import json
import logging

import jieba

WHO = ["我", "小李", "张伟明", "客服小美", "欧阳娜", "我妈妈", "VIP用户", "隔壁老王"]
WHEN = ["昨天下午", "2024年3月", "双十一期间", "上周五", "刚才", "用了三个月以后"]
WHAT = ["取消了会员", "续费了一年的套餐", "把订单退掉了", "收到货发现屏幕碎了", "给客服打了电话",
        "把App卸载了", "买了2.5kg的苹果", "换了个5G流量包", "投诉了物流公司", "领了一张满100减20的优惠券"]
WHY = ["因为价格太贵了", "觉得性价比不高", "主要是剧集更新太慢", "因为信号老是断断续续", "说是质量有问题",
       "原因是广告越来越多", "因为发货太磨叽", "结果退款迟迟不到账"]
END = ["，以后再也不来了！", "。", "，希望尽快处理……", "？？？", "，差评~", "，总体还行。"]
SINGLE = [
    "", " ", "a", "我", "南京市长江大桥", "乒乓球拍卖完了", "研究生命的起源", "结婚的和尚未结婚的",
    "他说的确实在理", "工信处女干事每月经过下属科室", "在线客服根本不理人，真无语",
    "iPhone15Pro Max的续航比iPhone 14强30.5%", "C++和C#都会一点，AT&T也用过",
    "价格从99.9元涨到129元，涨了30%", "www.example.com打不开", "user_name-01@example.com收不到邮件",
    "WiFi速度只有1.2.3M", "1+1=2", "100%好评", "..%a.5%", "-_-#", "好好好好好好", "哈哈哈哈哈哈哈哈",
    "會員費用太貴了，我要取消訂閱", "這個手機殼顏色跟圖片不一樣", "㐀㐁这两个字很少见", "龘靐齉爩都不认识",
    "客服\t很\u3000差\r\n真的", "😀很满意👍🏻", "ｆｕｌｌ宽ＡＢＣ１２３", "日本語のテキスト", "한국어도 있어요",
    "Très bien，merci", "naïve café", "鿕鿖鿗", "〇〇七", "二〇二四年", "十二点三十分",
    "尼古拉斯赵四来自象牙山", "程序媛小薇薇今天又加班了", "薅羊毛的都散了吧", "种草了一款扫地机器人",
    "蓝瘦香菇", "给力", "这电影yyds，绝绝子", "雷克萨斯和奥迪A6L怎么选", "隔音太差半夜听见隔壁打呼噜",
    "早餐品种少，服务员爱理不理", "房间有股霉味，空调也不制冷", "离地铁站步行5分钟，位置很好",
]


def sentences():
    """The single ones, then every second combination in a fixed order."""
    yield from SINGLE
    number = 0
    for why in WHY:
        for what in WHAT:
            for who in WHO:
                number += 1
                if number % 2 == 0:
                    when = WHEN[number // 2 % len(WHEN)]
                    end = END[number // 3 % len(END)]
                    yield who + when + what + "，" + why + end


def main():
    jieba.setLogLevel(logging.WARNING)
    for text in sentences():
        print(json.dumps({
            "text": text,
            "words": jieba.lcut(text),
            "plain": jieba.lcut(text, HMM=False),
            "search": jieba.lcut_for_search(text),
        }, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
