"""East Money's quote pages, as akshare asks for them."""

import json
from datetime import UTC, datetime, timedelta

from tacore.market.hours import HOURS
from tests.support.vendors import press, tape
from tests.support.vendors.server import Answer, VendorServer, as_json

NAMES = {
    "1.600519": ("贵州茅台", "酿酒行业"),
    "0.000001": ("平安银行", "银行"),
    "0.300750": ("宁德时代", "电池"),
    "116.00700": ("腾讯控股", None),
    "116.09988": ("阿里巴巴-W", None),
    "116.00005": ("汇丰控股", None),
}
NEWS = "/search/jsonp"
_LAST_HFQ = 3.5  # back-adjusted prices stand above the raw ones by what was paid over the years
_MOVES = ",2.04,-0.66,-11.30,0.29"  # range, changes and turnover
_NULL = {"rc": 100, "rt": 17, "svr": 181240427, "lt": 1, "full": 0, "dlmkts": "", "data": None}


class EastMoneyServer(VendorServer):
    """Three shares of the mainland and three of Hong Kong."""

    def page(self, path: str, asked: dict[str, str]) -> Answer:
        if path == NEWS:
            found = self.news(json.loads(asked["param"]))
            text = f"{asked['cb']}({json.dumps(found, ensure_ascii=False)})"
            return 200, {"Content-Type": "application/javascript"}, text.encode()
        pages = {
            "/api/qt/stock/kline/get": self._klines,
            "/api/qt/stock/trends2/get": self._trends,
            "/api/qt/clist/get": self.board,
            "/api/qt/stock/get": self._info,
            "/securities/api/data/v1/get": self._profile,
        }
        return as_json(pages[path](asked))

    def news(self, wanted: dict[str, object]) -> dict[str, object]:
        """Give what the search ranks first."""
        made = [] if self.mode == "empty" else [story(each) for each in press.articles(10)]
        for each in made:
            if self.mode == "nonsense":
                each["date"] = "刚刚"
            each["content"] += f"<em>{wanted['keyword']}</em>"
        # So the search answers who asks too often.
        result = {"passportWeb": []} if self.mode == "incomplete" else {"cmsArticleWebOld": made}
        return {"bizCode": "", "bizMsg": "", "code": 0, "hitsTotal": 991, "msg": "OK", "result": result}

    def _klines(self, asked: dict[str, str]) -> object:
        secid = asked["secid"]
        if secid not in NAMES:
            return _NULL
        market = "HK" if secid.startswith("116.") else "CN"
        if asked["klt"] == "101":
            begin = datetime.strptime(asked.get("beg", "20190101"), "%Y%m%d").replace(tzinfo=UTC).date()
            rows = tape.daily(secid, market, max(begin, tape.FIRST))
            made = [self._line(str(each.session), each, back=asked["fqt"] == "2") + _MOVES for each in rows]
        else:
            width = int(asked["klt"])
            rows = tape.intraday(secid, market, width, tape.PRESENT - timedelta(days=40))
            made = [self._line(ended(each, width, market), each) + _MOVES for each in rows]
        return self._lines(secid, "klines", made)

    def _trends(self, asked: dict[str, str]) -> object:
        secid = asked["secid"]
        market = "HK" if secid.startswith("116.") else "CN"
        rows = tape.intraday(secid, market, 1, tape.PRESENT - timedelta(days=6))
        made: list[str] = []
        for each in rows:
            if each.began == HOURS[market].local(each.session, 570):
                # The opening auction has a row of its own, stamped with the opening.
                price = f"{each.open / 100:.2f}"
                made.append(f"{each.session} 09:30,{price},{price},{price},{price},7,1400.00,{price}")
            made.append(self._line(ended(each, 1, market), each) + f",{each.open / 100:.3f}")
        return self._lines(secid, "trends", made)

    def _lines(self, secid: str, key: str, made: list[str]) -> object:
        name = NAMES[secid][0]
        lines: list[str] = [] if self.mode == "empty" else made
        if self.mode == "nonsense":
            lines = [",".join([*each.split(",")[:2], "-", *each.split(",")[3:]]) for each in made]
        if self.mode == "incomplete":
            lines = [",".join(each.split(",")[:3]) for each in made]
        data = {"code": secid.partition(".")[2], "market": 1, "name": name, "decimal": 2, "dktotal": 5300}
        return {"rc": 0, "rt": 17, "svr": 181240427, "lt": 1, "full": 0, "data": {**data, key: lines}}

    def _line(self, stamp: str, row: tape.Row, *, back: bool = False) -> str:
        factor = _LAST_HFQ * row.adjusted / row.close if back else 1
        o, c, h, low = (each * factor / 100 for each in (row.open, row.close, row.high, row.low))
        shape = ".6f" if back else ".2f"
        prices = ",".join(format(each, shape) for each in (o, c, h, low))
        return f"{stamp},{prices},{row.volume},{row.volume * row.close:.2f}"

    def board(self, asked: dict[str, str], page: list[str] | None = None, total: int | None = None) -> object:
        market = "116." if "m:128" in asked["fs"] else ("0.", "1.")
        secids = page or [each for each in NAMES if each.startswith(market)]
        diff = [board_row(each) for each in secids]
        return {"rc": 0, "data": {"total": total or len(secids), "diff": diff}}

    def _info(self, asked: dict[str, str]) -> object:
        secid = asked["secid"]
        if secid not in NAMES:
            return _NULL
        name, sector = NAMES[secid]
        facts = {"f43": 1700.5, "f57": secid[2:], "f58": name, "f84": 1256197800.0, "f85": 1256197800.0}
        more = {"f116": 2136163840920.0, "f117": 2136163840920.0, "f127": sector, "f189": 20010827}
        return {"rc": 0, "rt": 4, "svr": 182994932, "lt": 1, "full": 1, "dlmkts": "", "data": facts | more}

    def _profile(self, asked: dict[str, str]) -> object:
        code = asked["filter"].split('"')[1].removesuffix(".HK")
        if f"116.{code}" not in NAMES:
            return {
                "version": None,
                "result": None,
                "success": False,
                "message": "返回数据为空",
                "code": 9201,
            }
        facts = {
            "SECUCODE": f"{code}.HK",
            "SECURITY_CODE": code,
            "SECURITY_NAME_ABBR": NAMES[f"116.{code}"][0],
            "SECURITY_TYPE": "非H股",
            "LISTING_DATE": "2004-06-16 00:00:00",
            "ISIN_CODE": "KYG875721634",
            "BOARD": "主板",
            "TRADE_UNIT": 100,
            "TRADE_MARKET": "香港交易所",
            "GANGGUTONGBIAODISHEN": "是",
            "GANGGUTONGBIAODIHU": "是",
            "PAR_VALUE": None,
            "ISSUE_PRICE": 3.7,
            "ISSUE_NUM": 420160000,
            "YEAR_SETTLE_DAY": "12-31",
        }
        return {"version": "c9a", "result": {"pages": 1, "data": [facts], "count": 1}, "success": True}


def story(told: press.Article) -> dict[str, str]:
    """Give an article; its time is that of Beijing."""
    return {
        "date": told.published.astimezone(HOURS["CN"].tz).strftime("%Y-%m-%d %H:%M:%S"),
        "image": "",
        "code": f"2024{told.number:014}",
        "title": f"<em>{told.title}</em>",
        "content": f"Summary {told.number}.\u3000",
        "mediaName": "证券时报网",
    }


def ended(row: tape.Row, width: int, market: str) -> str:
    """Give a bar's stamp: the local minute that it ended in."""
    here = row.began.astimezone(HOURS[market].tz)
    spans = HOURS[market].spans
    minute = here.hour * 60 + here.minute
    end = next(end for start, end in spans if start <= minute < end)
    last = min(minute + width, end)
    return f"{row.session} {last // 60:02}:{last % 60:02}"


def board_row(secid: str) -> dict[str, object]:
    """Give one row of the board, fields by number."""
    exchange, _, code = secid.partition(".")
    columns = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,20,21,22,23,24,25,62,115,128,136,140,141,152"
    row: dict[str, object] = {f"f{each}": 1.5 for each in columns.split(",")}
    return row | {"f12": code, "f13": int(exchange), "f14": NAMES[secid][0]}
