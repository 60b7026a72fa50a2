/* The phrase tables, Chinese and English, written as people write in apps: short and uneven. */
#include "simulate/words.h"

#define COUNT(list)   (sizeof(list) / sizeof((list)[0]))
#define PHRASES(list) ((struct wl_sim_phrases){.items = (list), .n_items = COUNT(list)})

static const char *const zh_ads[] = {"广告实在太多了",           "看一集要插{n}次广告",
                                     "开通会员了怎么还有广告",   "片头广告越来越长",
                                     "中间突然插广告很影响心情", "广告关都关不掉",
                                     "打开软件先看{n}秒广告",    "弹窗广告没完没了",
                                     "暂停一下也要弹广告",       "同一个广告一晚上放了{n}遍",
                                     "广告声音比正片还大",       "看{cat}全程被广告打断"};
static const char *const zh_ads_more[] = {
    "孩子都看烦了",         "根本没法安心看", "{when}尤其多", "以前不是这样的",
    "会员权益写着去广告的", "比正片时间都长", "体验非常差",   "误点进去好几次"};
static const char *const zh_stall[] = {
    "视频一直卡顿",     "看{cat}老是转圈缓冲",  "{when}卡得没法看",      "加载特别慢",
    "画面一卡一卡的",   "播到一半就黑屏",       "清晰度自动变糊",        "百兆宽带还是缓冲半天",
    "投屏之后不停掉线", "在{dev}上闪退了{n}次", "拖一下进度条要等{n}秒", "音画不同步"};
static const char *const zh_stall_more[] = {
    "别的平台都很流畅", "重装也没用",           "网络没有问题",    "换了{dev}还是一样",
    "{when}最严重",     "客服让我重启也没解决", "已经持续{n}天了", "连预告片都放不动"};
static const char *const zh_content[] = {
    "想看的{cat}都没有",       "片库更新太慢了",       "{cat}翻来覆去就那几部", "追的剧下架了",
    "搜了{n}次都搜不到想看的", "推荐的内容都不感兴趣", "新片总比别家晚",        "好看的越来越少",
    "最近没什么可看的",        "{cat}资源太旧",        "推荐总是看过的",        "独家内容几乎没有"};
static const char *const zh_content_more[] = {
    "等了{n}天也没更新", "别的平台早就有了", "打开翻半天又关了", "只好去别处看",
    "版权都去哪了",      "孩子也说没得看",   "首页一个月没变过", "希望多引进一些"};
static const char *const zh_price[] = {
    "会员又涨价了",          "续费比新用户贵{money}元", "价格太高不值这个钱",
    "自动续费涨到{money}元", "老用户一点优惠都没有",    "连续包月越来越贵",
    "超前点播还要再付费",    "会员分级太多收费太乱",    "同样的钱别家能看更多",
    "一个月{money}元有点贵", "优惠券都用不了",          "学生价取消了"};
static const char *const zh_price_more[] = {
    "涨价也不提前通知", "看得不多划不来",   "别的平台便宜一半", "感觉被割韭菜",
    "家里开支要省一点", "首月便宜后面翻倍", "客服说没有活动",   "比去年贵了{n}%"};
static const char *const zh_payment[] = {
    "扣款一直失败",         "付了钱会员没到账",    "被重复扣款{n}次",      "绑定的卡总是支付不成功",
    "续费提示支付异常",     "退款申请{n}天没处理", "明明余额够却扣不了",   "换了{n}张卡都付不了",
    "自动扣费没经过我同意", "支付页面打不开",      "订单显示处理中好几天", "发票和金额对不上"};
static const char *const zh_payment_more[] = {
    "银行说不是他们的问题", "会员因此中断了", "客服一直让等",   "金额是{money}元",
    "已经反馈{n}次",        "短信说扣了钱",   "账单我都截图了", "{when}又失败了一次"};
static const char *const zh_other[] = {
    "最近没时间看了",   "工作太忙用不上", "家里人已经有别的会员", "单纯不想用了",
    "换手机后懒得登录", "感觉用得不多",   "以后可能用不到了",     "就是看腻了"};
static const char *const zh_praise[] = {
    "画质很清楚",   "{cat}资源很全", "推荐的{cat}很合口味",     "界面简洁好用",
    "播放流畅不卡", "客服回复很快",  "和家人一起看{cat}很开心", "更新很及时",
    "会员很划算",   "弹幕氛围很好",  "倍速和字幕功能都很贴心",  "这部{cat}追得停不下来"};
static const char *const zh_praise_more[] = {
    "会一直支持",   "已经推荐给朋友",     "给个好评",   "用了{n}个月很满意",
    "希望越做越好", "{when}都会打开看看", "爸妈也会用", "比以前好多了"};
static const char *const zh_question[] = {
    "请问怎么投屏到电视",     "离线下载的视频在哪里找", "怎么修改绑定手机号",
    "会员可以几台设备同时用", "怎么开启儿童模式",       "字幕大小在哪里调",
    "请问{cat}什么时候更新",  "怎么关闭自动连播",       "历史记录怎么清空",
    "发票在哪里开",           "怎么给视频换语言",       "家庭账号怎么添加成员"};
static const char *const zh_question_more[] = {"找了半天没找到", "麻烦告知一下", "用的是{dev}",
                                               "新手不太会用",   "教程里没看到", "{when}需要用到"};
static const char *const zh_neutral[] = {
    "看了几集{cat}",     "整体还可以", "跟以前差不多", "偶尔打开看看",   "{when}会看一会儿",
    "用{dev}看得比较多", "中规中矩吧", "主要看{cat}",  "暂时没什么意见", "参加问卷来的"};
static const char *const zh_neutral_more[] = {"没有特别的感受", "先用着看", "后面再评价",
                                              "功能够用",       "时间不多", "其他没了"};

static const char *const zh_open_calm[] = {"", "", "", "你好", "您好", "反馈一下", "客服好"};
static const char *const zh_open_annoyed[] = {"",     "",           "说实话",   "提个意见",
                                              "你好", "反馈个问题", "有点无奈", "麻烦看一下"};
static const char *const zh_open_leaving[] = {"",         "",           "真的受够了", "忍了很久",
                                              "太失望了", "最后说一次", "不想再忍了", "老用户心寒"};
static const char *const zh_close_calm[] = {"", "", "", "谢谢", "辛苦了"};
static const char *const zh_close_annoyed[] = {
    "",       "希望尽快改进", "能不能优化一下", "请尽快处理",
    "盼回复", "希望重视一下", "改了还会继续用", "麻烦跟进"};
static const char *const zh_close_leaving[] = {
    "准备取消会员了",     "到期不会再续了",     "已经打算卸载", "换别的平台了",
    "请帮我关闭自动续费", "这是最后一个月",     "不会再用了",   "我要退订",
    "再见不送",           "已经去别家充会员了", "果断弃了",     "直接注销账号"};

static const char *const en_ads[] = {"way too many ads",
                                     "{n} ad breaks in one episode",
                                     "I pay and still get ads",
                                     "pre-roll ads keep getting longer",
                                     "ads cut in right at the best moment",
                                     "the ads cannot be closed",
                                     "{n} seconds of ads before anything plays",
                                     "pop-ups everywhere",
                                     "even pausing shows an ad",
                                     "the same ad {n} times in one evening",
                                     "ads are louder than the show",
                                     "watching {cat} is nothing but ad breaks"};
static const char *const en_ads_more[] = {"my kids gave up",
                                          "I cannot relax and watch",
                                          "it is worst {when}",
                                          "it was not like this before",
                                          "my plan promised fewer ads",
                                          "more ads than show",
                                          "really ruins it",
                                          "I keep clicking them by mistake"};
static const char *const en_stall[] = {"the video keeps buffering",
                                       "{cat} stalls all the time",
                                       "unwatchable {when}",
                                       "loading takes forever",
                                       "playback stutters",
                                       "the screen goes black half way",
                                       "quality drops to a blur",
                                       "endless spinner on a fast connection",
                                       "casting drops every few minutes",
                                       "the app crashed {n} times on my {dev}",
                                       "seeking takes {n} seconds",
                                       "audio is out of sync"};
static const char *const en_stall_more[] = {"other apps run fine",
                                            "reinstalling did not help",
                                            "my network is fine",
                                            "same on my {dev}",
                                            "worst {when}",
                                            "support told me to restart, no change",
                                            "it has been {n} days now",
                                            "even trailers stop"};
static const char *const en_content[] = {"none of the {cat} I want is here",
                                         "the catalogue hardly changes",
                                         "the same few {cat} titles again",
                                         "the show I followed was removed",
                                         "searched {n} times and found nothing",
                                         "recommendations miss my taste",
                                         "new titles come later than elsewhere",
                                         "fewer good things every month",
                                         "nothing left to watch",
                                         "the {cat} section is old",
                                         "it keeps suggesting what I have seen",
                                         "hardly any exclusives"};
static const char *const en_content_more[] = {"no update in {n} days",
                                              "others had it long ago",
                                              "I scroll and close the app",
                                              "I watch elsewhere now",
                                              "where did the rights go",
                                              "the kids say the same",
                                              "the home page has not moved in a month",
                                              "please license more"};
static const char *const en_price[] = {"the price went up again",
                                       "renewal costs {money} more than for new users",
                                       "not worth the money any more",
                                       "auto-renew jumped to {money}",
                                       "no discount for loyal members",
                                       "the monthly plan gets dearer and dearer",
                                       "early access costs extra on top",
                                       "too many tiers and fees",
                                       "others offer more for the same money",
                                       "{money} a month is a lot",
                                       "none of the coupons work",
                                       "the student price is gone"};
static const char *const en_price_more[] = {
    "no notice at all",       "I do not watch enough for that", "others charge half",
    "feels like a rip-off",   "we are saving at home",          "cheap first month and then double",
    "support said no offers", "{n}% more than last year"};
static const char *const en_payment[] = {"the payment keeps failing",
                                         "I paid but my plan is not active",
                                         "I was charged {n} times",
                                         "my card is declined every time",
                                         "renewal shows a payment error",
                                         "my refund is open for {n} days",
                                         "enough balance but it will not charge",
                                         "tried {n} cards and none works",
                                         "charged without my consent",
                                         "the payment page will not open",
                                         "the order is stuck in processing",
                                         "the invoice does not match"};
static const char *const en_payment_more[] = {
    "the bank says it is not them", "my plan was interrupted", "support says wait",
    "the amount is {money}",        "reported it {n} times",   "my bank text says it was taken",
    "I have screenshots",           "it failed again {when}"};
static const char *const en_other[] = {"no time to watch lately",
                                       "too busy at work",
                                       "the family has another plan already",
                                       "I just do not need it",
                                       "never logged in on the new phone",
                                       "I hardly use it",
                                       "not for me any more",
                                       "got bored of it"};
static const char *const en_praise[] = {"the picture is great",
                                        "plenty of {cat}",
                                        "the {cat} picks suit me",
                                        "clean and easy to use",
                                        "plays smoothly",
                                        "support was quick",
                                        "we love {cat} nights here",
                                        "updates come on time",
                                        "good value",
                                        "the comments are fun",
                                        "speed control and subtitles are thoughtful",
                                        "cannot stop watching this {cat} series"};
static const char *const en_praise_more[] = {"will stay",
                                             "told my friends",
                                             "five stars",
                                             "happy for {n} months now",
                                             "keep it up",
                                             "I open it {when}",
                                             "my parents use it too",
                                             "much better than before"};
static const char *const en_question[] = {
    "how do I cast to my TV",          "where are my downloads",
    "how do I change my phone number", "how many devices can I use",
    "how do I turn on kids mode",      "where is the subtitle size",
    "when is the next {cat} update",   "how do I stop autoplay",
    "how do I clear my history",       "where do I get an invoice",
    "how do I switch the language",    "how do I add a family member"};
static const char *const en_question_more[] = {
    "could not find it", "please let me know",         "I use {dev}",
    "I am new here",     "the help page does not say", "I need it {when}"};
static const char *const en_neutral[] = {"watched some {cat}",       "it is okay overall",
                                         "about the same as before", "I look in now and then",
                                         "I watch a bit {when}",     "mostly on my {dev}",
                                         "average I guess",          "mainly here for {cat}",
                                         "nothing to report",        "came from the survey"};
static const char *const en_neutral_more[] = {"no strong feelings", "let us see",
                                              "will rate later",    "it does the job",
                                              "not much time",      "that is all"};

static const char *const en_open_calm[] = {"", "", "", "Hi", "Hello", "Quick note", "Hi team"};
static const char *const en_open_annoyed[] = {
    "", "", "Honestly", "A suggestion", "Hi", "A problem", "A bit annoyed", "Please have a look"};
static const char *const en_open_leaving[] = {"",
                                              "",
                                              "I have had enough",
                                              "I was patient for long",
                                              "Very disappointed",
                                              "Saying it one last time",
                                              "I am done",
                                              "Long-time member here"};
static const char *const en_close_calm[] = {"", "", "", "Thanks", "Cheers"};
static const char *const en_close_annoyed[] = {"",
                                               "Please fix it soon",
                                               "Can you improve this",
                                               "Please look into it",
                                               "Hoping for a reply",
                                               "Please take it seriously",
                                               "I will stay if it gets better",
                                               "Please follow up"};
static const char *const en_close_leaving[] = {"Cancelling my plan",
                                               "I will not renew",
                                               "About to uninstall",
                                               "Moving to another service",
                                               "Please turn off auto-renewal",
                                               "This is my last month",
                                               "Not coming back",
                                               "I want to unsubscribe",
                                               "Goodbye",
                                               "Already joined someone else",
                                               "I quit",
                                               "Closing my account"};

struct wl_sim_phrases wl_sim_topic_phrases(enum wl_sim_topic topic, bool is_zh)
{
    switch (topic) {
    case WL_SIM_TOPIC_ADS: return is_zh ? PHRASES(zh_ads) : PHRASES(en_ads);
    case WL_SIM_TOPIC_STALL: return is_zh ? PHRASES(zh_stall) : PHRASES(en_stall);
    case WL_SIM_TOPIC_CONTENT: return is_zh ? PHRASES(zh_content) : PHRASES(en_content);
    case WL_SIM_TOPIC_PRICE: return is_zh ? PHRASES(zh_price) : PHRASES(en_price);
    case WL_SIM_TOPIC_PAYMENT: return is_zh ? PHRASES(zh_payment) : PHRASES(en_payment);
    case WL_SIM_TOPIC_OTHER: return is_zh ? PHRASES(zh_other) : PHRASES(en_other);
    case WL_SIM_TOPIC_PRAISE: return is_zh ? PHRASES(zh_praise) : PHRASES(en_praise);
    case WL_SIM_TOPIC_QUESTION: return is_zh ? PHRASES(zh_question) : PHRASES(en_question);
    case WL_SIM_TOPIC_NEUTRAL:
    case WL_SIM_TOPIC_COUNT: break;
    }
    return is_zh ? PHRASES(zh_neutral) : PHRASES(en_neutral);
}

struct wl_sim_phrases wl_sim_detail_phrases(enum wl_sim_topic topic, bool is_zh)
{
    switch (topic) {
    case WL_SIM_TOPIC_ADS: return is_zh ? PHRASES(zh_ads_more) : PHRASES(en_ads_more);
    case WL_SIM_TOPIC_STALL: return is_zh ? PHRASES(zh_stall_more) : PHRASES(en_stall_more);
    case WL_SIM_TOPIC_CONTENT: return is_zh ? PHRASES(zh_content_more) : PHRASES(en_content_more);
    case WL_SIM_TOPIC_PRICE: return is_zh ? PHRASES(zh_price_more) : PHRASES(en_price_more);
    case WL_SIM_TOPIC_PAYMENT: return is_zh ? PHRASES(zh_payment_more) : PHRASES(en_payment_more);
    case WL_SIM_TOPIC_PRAISE: return is_zh ? PHRASES(zh_praise_more) : PHRASES(en_praise_more);
    case WL_SIM_TOPIC_QUESTION:
        return is_zh ? PHRASES(zh_question_more) : PHRASES(en_question_more);
    case WL_SIM_TOPIC_NEUTRAL: return is_zh ? PHRASES(zh_neutral_more) : PHRASES(en_neutral_more);
    case WL_SIM_TOPIC_OTHER:
    case WL_SIM_TOPIC_COUNT: break;
    }
    return (struct wl_sim_phrases){0};
}

struct wl_sim_phrases wl_sim_opener_phrases(enum wl_sim_tone tone, bool is_zh)
{
    switch (tone) {
    case WL_SIM_TONE_ANNOYED: return is_zh ? PHRASES(zh_open_annoyed) : PHRASES(en_open_annoyed);
    case WL_SIM_TONE_LEAVING: return is_zh ? PHRASES(zh_open_leaving) : PHRASES(en_open_leaving);
    case WL_SIM_TONE_CALM: break;
    }
    return is_zh ? PHRASES(zh_open_calm) : PHRASES(en_open_calm);
}

struct wl_sim_phrases wl_sim_closer_phrases(enum wl_sim_tone tone, bool is_zh)
{
    switch (tone) {
    case WL_SIM_TONE_ANNOYED: return is_zh ? PHRASES(zh_close_annoyed) : PHRASES(en_close_annoyed);
    case WL_SIM_TONE_LEAVING: return is_zh ? PHRASES(zh_close_leaving) : PHRASES(en_close_leaving);
    case WL_SIM_TONE_CALM: break;
    }
    return is_zh ? PHRASES(zh_close_calm) : PHRASES(en_close_calm);
}
