"""Tells which Chinese characters are variants of one another, with their Korean readings.

Each group is a character as it is written in Korea, Taiwan or Japan (or simplified already), its simplified form, and
its readings in Korean. Here are those that names of this field are made of; one that is missing is compared as it is.
"""

from __future__ import annotations

GROUPS = """
三三삼 上上상 下下하 东东동 中中중 主主주 义义의 之之지 九九구 书书서 争争쟁 事事사 二二이 于于우
五五오 亚亚아 亞亚아 京京경 人人인 仁仁인 令令령영 件件건 众众중 会会회 住住주 使使사 俄俄아 俘俘부
保保보 信信신 停停정 內内내 全全전 公公공 共共공 关关관 其其기 内内내 军军군 决决결 利利리이 制制제
前前전 加加가 务务무 动动동 動动동 務务무 北北북 区区구 區区구 十十십 千千천 半半반 华华화 协协협
協协협 南南남 卫卫위 发发발 司司사 合合합 同同동 名名명 员员원 和和화 員员원 国国국 图图도 國国국
圖图도 土土토 地地지 城城성 執执집 基基기 壤壤양 外外외 大大대 太太태 央央앙 奉奉봉 委委위 子子자
字字자 学学학 學学학 安安안 定定정 宪宪헌 家家가 容容용 将将장 將将장 尔尔이 屆届계 届届계 山山산
岛岛도 島岛도 川川천 州州주 巨巨거 市市시 平平평 年年년연 庆庆경 店店점 府府부 廳厅청 开开개 待待대
志志지 忠忠충 总总총 慶庆경 憲宪헌 成成성 战战전 戦战전 戰战전 所所소 承承승 抗抗항 护护호 捕捕포
援援원 收收수 政政정 文文문 新新신 於于어 日日일 昌昌창 明明명 春春춘 晚晚만 晩晚만 書书서 會会회
月月월 朝朝조 朴朴박 权权권 李李이리 条条조 東东동 板板판 林林임림 根根근 條条조 權权권 正正정 民民민
永永영 汉汉한 江江강 決决결 法法법 洙洙수 济济제 海海해 港港항 湖湖호 满满만 滿满만 漢汉한 濟济제
烈烈렬열 營营영 爭争쟁 爾尔이 特特특 王王왕 班班반 理理리이 瑞瑞서 瓦瓦와 界界계 留留류유 発发발 發发발
的的적 盟盟맹 省省성 眾众중 社社사 祕秘비 票票표 秘秘비 第第제 約约약 紅红홍 統统통 維维유 線线선
總总총 红红홍 约约약 线线선 统统통 维维유 美美미 義义의 联联연련 聨联연련 聯联연련 苏苏소 英英영 華华화
营营영 蘇苏소 虏虏로노 虜虏로노 衆众중 衛卫위 西西서 訊讯신 記记기 議议의 護护호 议议의 讯讯신 记记기
貴贵귀 赤赤적 軍军군 运运운 遇遇우 運运운 道道도 遣遣견 部部부 金金김금 釜釜부 鎭镇진 镇镇진 長长장
长长장 門门문 開开개 関关관 關关관 门门문 际际제 陆陆륙육 陸陆륙육 際际제 难难난 雅雅아 難难난 革革혁
韓韩한 韩韩한 領领령영 題题제 领领령영 首首수 香香향 高高고 鮮鲜선 鲜鲜선 黃黄황 黄黄황
""".split()  # noqa: SIM905 - a table reads better
SIMPLIFIED = {group[0]: group[1] for group in GROUPS}
READINGS = {group[0]: group[2:] for group in GROUPS}
