//! Simplified or traditional Chinese, by the characters that only one of them has.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Common characters that were simplified, each followed by what it was before.
const PAIRS: &str = "们們个個这這来來时時说說国國学學会會对對发發后後过過还還没沒机機电電话話问問题題开開关關东東车車长長门門见見马馬鱼魚鸟鳥\
龙龍贝貝风風飞飛书書买買卖賣读讀写寫听聽识識认認让讓请請谢謝谁誰该該语語订訂单單号號码碼账賬户戶费費钱錢货貨质質购購赠贈贵貴价價\
优優惠惠产產业業务務员員处處办辦动動劳勞网網络絡线線联聯连連结結续續经經济濟统統维維护護换換修修坏壞显顯视視频頻声聲响響应應当當\
无無为為爱愛现現实實际際总總给給级級红紅绿綠蓝藍黄黃银銀铁鐵钟鐘键鍵错錯锁鎖铃鈴铺鋪链鏈镜鏡闪閃闭閉间間阅閱队隊阶階随隨难難离離\
验驗证證讯訊记記许許设設试試诉訴译譯详詳误誤调調谈談询詢条條极極权權标標样樣检檢楼樓归歸战戰择擇损損据據报報热熱烧燒灯燈状狀独獨\
环環确確种種积積称稱稳穩穷窮简簡类類紧緊纸紙组組细細终終绝絕罗羅义義习習职職补補装裝复複觉覺规規触觸计計订訂论論负負责責败敗贴貼\
资資赔賠赶趕转轉轮輪软軟较較辆輛输輸边邊达達运運进進远遠违違适適选選递遞邮郵里裡针針钮鈕铝鋁预預领領颜顏额額顾顧须須顺順饭飯饮飲\
馆館骑騎鲜鮮齐齊龄齡两兩严嚴临臨举舉么麼乐樂乡鄉乱亂于於亚亞产產亲親亿億仅僅从從仓倉价價众眾优優传傳伤傷伪偽体體余餘侧側债債偿償储儲\
儿兒兴興冲衝决決况況准準减減几幾凭憑划劃则則刚剛创創别別删刪剂劑剧劇励勵劲勁势勢区區医醫协協单單卡卡压壓厂廠历歷县縣参參双雙变變台臺叶葉\
吗嗎听聽启啟员員呼呼响響哪哪唤喚团團园園围圍图圖圆圓场場块塊坚堅坛壇够夠头頭夹夾夺奪奖獎妇婦妈媽孙孫宁寧实實宝寶审審宫宮宽寬宾賓寻尋导導寿壽\
将將尔爾尘塵尝嘗层層属屬岁歲岛島币幣师師帐帳带帶帮幫库庫废廢庆慶应應庙廟录錄彻徹忆憶忧憂怀懷态態怜憐恶惡悬懸惊驚惯慣愿願戏戲扑撲执執扩擴扫掃扬揚\
抢搶护護拟擬拥擁拦攔拨撥择擇挂掛挡擋挥揮捡撿据據掉掉数數断斷旧舊昼晝晓曉术術杂雜权權杀殺杨楊构構枪槍柜櫃树樹桥橋档檔梦夢检檢欢歡毁毀毕畢气氣汇匯汉漢\
汤湯沟溝泪淚泼潑洁潔测測浏瀏浓濃涂塗涨漲温溫湾灣湿濕满滿滚滾滤濾滩灘潜潛灭滅灵靈炉爐点點炼煉烂爛烟煙烦煩爷爺牵牽犹猶猎獵猫貓献獻玛瑪画畫疗療盘盤盖蓋盗盜监監\
睁睜码碼础礎碍礙礼禮离離种種秘祕窃竊竞競笔筆签簽筑築筛篩粮糧纠糾纯純纳納纲綱纷紛练練织織绍紹绕繞绘繪络絡绩績绪緒绳繩综綜缓緩编編缘緣缩縮缺缺罚罰聪聰肤膚\
脑腦脚腳脱脫脸臉舰艦艺藝节節苏蘇药藥获獲营營蓝藍虑慮虽雖补補袭襲誉譽订訂讲講讨討许許";

#[derive(Debug, Clone, Copy)]
enum Variant {
    Simplified,
    Traditional,
}

/// The characters that only one of the two has.
static TELLING: LazyLock<HashMap<char, Variant>> = LazyLock::new(|| {
    let characters: Vec<char> = PAIRS.chars().collect();
    let pairs = characters.as_chunks::<2>().0.iter().filter(|[one, other]| one != other);
    pairs
        .flat_map(|[simplified, traditional]| {
            [(*simplified, Variant::Simplified), (*traditional, Variant::Traditional)]
        })
        .collect()
});

/// Which of the two a text in Chinese is written in, and how sure that is, from 0 to 1; none where nothing tells.
pub(crate) fn variant(text: &str) -> Option<(&'static str, f32)> {
    let (mut simplified, mut traditional) = (0_u16, 0_u16);
    for character in text.chars() {
        match TELLING.get(&character) {
            Some(Variant::Simplified) => simplified = simplified.saturating_add(1),
            Some(Variant::Traditional) => traditional = traditional.saturating_add(1),
            None => {}
        }
    }
    let told = f32::from(simplified) + f32::from(traditional);
    match simplified.cmp(&traditional) {
        Ordering::Greater => Some(("zh-Hans", f32::from(simplified) / told)),
        Ordering::Less => Some(("zh-Hant", f32::from(traditional) / told)),
        Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_stand_in_pairs() {
        let characters: Vec<char> = PAIRS.chars().collect();
        let (pairs, rest) = characters.as_chunks::<2>();
        assert!(rest.is_empty());
        for [simplified, traditional] in pairs {
            let swapped = pairs
                .iter()
                .any(|[one, other]| one != other && (one == traditional || other == simplified));
            assert!(
                simplified == traditional || !swapped,
                "{simplified}{traditional} stands the other way round somewhere"
            );
        }
    }

    #[test]
    fn texts_tell_their_variant() {
        assert_eq!(variant("我的手机无法开机").map(|(tag, _)| tag), Some("zh-Hans"));
        assert_eq!(variant("我的手機無法開機").map(|(tag, _)| tag), Some("zh-Hant"));
        assert_eq!(variant("你好"), None);
    }
}
