-- XML documents; a server may be built without them.
CREATE TABLE paper (id int PRIMARY KEY, body xml);
INSERT INTO paper VALUES (1, '<a b="1">t, "q"</a>'), (2, NULL), (3, '<?xml version="1.0"?><r><x/>&amp;</r>'), (4, 'content');
