"""XML documents that make a careless parser read files, call others, or grow without end.

Every one of them says `value` in `field` if its entities are believed, or would be ours if what is
forbidden in it were read over.
"""

ROOT = "<xml><{field}>{inner}</{field}><Event>e</Event></xml>"
# What stands before the root, and what stands in its field then. {url}: a trap; {file}: a file of
# ours; {value}: what would be taken.
ENTITIES: dict[str, tuple[str, str]] = {
    "internal": ('<!DOCTYPE xml [<!ENTITY e "{value}">]>', "&e;"),
    "internal, unused": ('<!DOCTYPE xml [<!ENTITY e "x">]>', "{value}"),
    "internal of other root": ('<!DOCTYPE other [<!ENTITY e "{value}">]>', "&e;"),
    "file": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "file://{file}">]>', "&e;"),
    "file, one slash": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "file:{file}">]>', "&e;"),
    "file by path": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "{file}">]>', "&e;"),
    "file, unused": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "file://{file}">]>', "{value}"),
    "remote": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "{url}">]>', "&e;"),
    "remote, unused": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "{url}">]>', "{value}"),
    "public": ('<!DOCTYPE xml [<!ENTITY e PUBLIC "-//X//Y" "{url}">]>', "&e;"),
    "unparsed": (
        '<!DOCTYPE xml [<!NOTATION n SYSTEM "x"><!ENTITY e SYSTEM "{url}" NDATA n>]>',
        "{value}",
    ),
    "external DTD": ('<!DOCTYPE xml SYSTEM "{url}">', "{value}"),
    "external DTD by file": ('<!DOCTYPE xml SYSTEM "file://{file}">', "{value}"),
    "public DTD": ('<!DOCTYPE xml PUBLIC "-//X//Y" "{url}">', "{value}"),
    "external DTD and entity": ('<!DOCTYPE xml SYSTEM "{url}" [<!ENTITY e "{value}">]>', "&e;"),
    "parameter": ('<!DOCTYPE xml [<!ENTITY % p SYSTEM "{url}"> %p;]>', "{value}"),
    "parameter by file": ('<!DOCTYPE xml [<!ENTITY % p SYSTEM "file://{file}"> %p;]>', "{value}"),
    "parameter in parameter": (
        "<!DOCTYPE xml [<!ENTITY % a \"<!ENTITY &#37; b SYSTEM '{url}'>\"> %a; %b;]>",
        "{value}",
    ),
    "parameter that declares": (
        "<!DOCTYPE xml [<!ENTITY % a \"<!ENTITY e '{value}'>\"> %a;]>",
        "&e;",
    ),
    "out of band": (
        '<!DOCTYPE xml [<!ENTITY % f SYSTEM "file://{file}"><!ENTITY % d SYSTEM "{url}"> %d;]>',
        "&send;",
    ),
    "by error": (
        (
            '<!DOCTYPE xml [<!ENTITY % f SYSTEM "file://{file}">'
            "<!ENTITY % g \"<!ENTITY &#37; h SYSTEM 'file:///nowhere/%f;'>\"> %g; %h;]>"
        ),
        "{value}",
    ),
    "php": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "php://filter/resource={file}">]>', "&e;"),
    "expect": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "expect://id">]>', "&e;"),
    "jar": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "jar:{url}!/x">]>', "&e;"),
    "gopher": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "gopher://127.0.0.1/x">]>', "&e;"),
    "netdoc": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "netdoc:{file}">]>', "&e;"),
    "data": ('<!DOCTYPE xml [<!ENTITY e SYSTEM "data:,{value}">]>', "&e;"),
    "laughs": (
        (
            '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
            '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">'
            '<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;">]>'
        ),
        "&f;",
    ),
    "laughs of parameters": (
        '<!DOCTYPE xml [<!ENTITY % a "<!ENTITY b \'bbbbbbbbbb\'>"> %a;<!ENTITY c "&b;&b;&b;&b;">]>',
        "&c;&c;&c;",
    ),
    "itself": ('<!DOCTYPE xml [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
    "quadratic": (f'<!DOCTYPE xml [<!ENTITY e "{"a" * 20_000}">]>', "&e;" * 5000),
    "attributes by default": ('<!DOCTYPE xml [<!ATTLIST xml x CDATA "{value}">]>', "{value}"),
    "element declared": ("<!DOCTYPE xml [<!ELEMENT xml ANY>]>", "{value}"),
    "empty subset": ("<!DOCTYPE xml []>", "{value}"),
    "bare": ("<!DOCTYPE xml>", "{value}"),
    "lower case": ("<!doctype xml>", "{value}"),
    "after a comment": ("<!-- x --><!DOCTYPE xml>", "{value}"),
    "comment in the subset": ('<!DOCTYPE xml [<!-- --><!ENTITY e "{value}">]>', "&e;"),
    "twice": ("<!DOCTYPE xml><!DOCTYPE xml>", "{value}"),
    "undeclared": ("", "&e;"),
    "undeclared beside it": ("", "{value}&nbsp;"),
    "no letter": ("", "{value}&#0;"),
    "beyond all letters": ("", "{value}&#x110000;"),
    "half a letter": ("", "{value}&#xD800;"),
    "stylesheet": ('<?xml-stylesheet href="{url}"?>', "{value}"),
    "instruction": ("<?php system('id') ?>", "{value}"),
    "instruction within": ("", "{value}<?x y?>"),
    "XInclude": (
        "",
        '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{url}"/>',
    ),
    "XInclude of a file": (
        "",
        '<i:include xmlns:i="http://www.w3.org/2001/XInclude" parse="text" href="{file}"/>',
    ),
    "CDATA cut in two": ("", "<![CDATA[{value}"),
    "CDATA in CDATA": ("", "<![CDATA[<![CDATA[{value}]]>]]>"),
    "deep": ("", "<a>" * 3000 + "{value}" + "</a>" * 3000),
    "deeper than it ends": ("", "<a>" * 8000),
    "wide": ("", "{value}" + "<a/>" * 12_000),
    "many attributes": ("", "<a " + " ".join(f'a{n}="x"' for n in range(3000)) + "/>"),
    "one attribute twice": ("", '<a b="1" b="2"/>'),
    "too large": ("", "{value}" + " " * (64 * 1024)),
    "markup after the end": ("", "{value}</{field}></xml><xml><{field}>{value}"),
    "names without end": ("", f"<{'a' * 30_000}/>"),
}
# What is read over, and does nothing: an event that WeCom signed may hold it.
READ_OVER = {
    *("stylesheet", "instruction", "instruction within", "XInclude", "XInclude of a file"),
    *("many attributes", "too large", "names without end"),
}
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-7", "utf-32", "gb18030", "cp037", "utf-8-sig")
HIDDEN = "internal", "file", "remote", "parameter"


def list_documents(field: str, value: str, *, url: str, file: str) -> dict[str, bytes]:
    """List every document, with `value` in this field, by its name."""
    places = {"value": value, "url": url, "file": file, "field": field}
    found = {}
    for name, (before, inner) in ENTITIES.items():
        text = before + ROOT.replace("{inner}", inner)
        for place, what in places.items():
            text = text.replace(f"{{{place}}}", what)
        found[name] = text.encode()
    for name in HIDDEN:
        for encoding in ENCODINGS:
            for named in (encoding, "utf-8"):
                head = f"<?xml version='1.0' encoding='{named}'?>"
                text = head + found[name].decode()
                found[f"{name} in {encoding} that says {named}"] = text.encode(encoding)
    return found
