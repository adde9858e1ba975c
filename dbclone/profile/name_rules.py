"""Words in the names of columns and tables, and what they say of the values.

Takes nothing, gives tables of patterns: English first, then what other languages call the same things.
"""

from __future__ import annotations

RULES: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mails?(_?(address|addr|id))?|mail_(address|addr)|e_?mail_?adresse|correo(_electronico)?|courriel"),
    ("first_name", r"f_?name|(first|given|fore|christian|nick|preferred)_?names?|vor_?name|prenoms?|nombres?"
                   r"|voor_?naam|imie|fornavn|for_?namn|firstname|mens_nome|etunimi"),
    ("middle_name", r"(middle|second)_?(names?|initial)|mid_?name|mname|initials?"),
    ("last_name", r"l_?name|(last|family|maiden)_?names?|sur_?names?|nach_?name|familien_?name|nom_de_famille"
                  r"|apellidos?|sobrenome|cognome|achter_?naam|nazwisko|etter_?navn|efter_?namn|sukunimi"),
    ("full_name", r"full_?names?|display_?name|real_?name|complete_?name|(contact|customer|client"
                  r"|person|patient|employee"
                  r"|owner|author|member|student|teacher|doctor|driver|passenger|guest|manager|agent|seller|buyer"
                  r"|holder|card_?holder|recipient|sender|account_?holder|beneficiary|applicant|tenant|host|winner"
                  r"|player|referee|approver|creator)_?(full_?)?name|sales_?person|sales_?rep|account_manager"
                  r"|assignee|ansprechpartner|contact_?person|attention|attn"),
    ("company", r"(company|firm|vendor|supplier|organi[sz]ation|employer|business|corporate"
                r"|manufacturer|shipper|merchant"
                r"|agency)(_?name)?|org_name|corp|firma|firmen_?name|entreprise|empresa|azienda|bedrijf|ship_name"),
    ("phone", r"(tele)?phones?(_?(number|no|nr|num))?|tel|tel_?(no|nr|number)|mobiles?(_?(phone|number|no))?"
              r"|cell(_?phone)?|fax(_?(number|no))?|telefono?|telefon_?nummer|handy|(home|work"
              r"|business|office|day|evening)"
              r"_?phone|msisdn|whatsapp"),
    ("phone_extension", r"(phone_)?ext(ension)?"),
    ("street", r"address(es)?(_?line)?(_?1)?|addr(ess)?_?1?|street(_?(address|name|line))?(_?1)?|strasse|str|adresse?"
               r"|direccion|endereco|indirizzo|adres|rue|line_?1|mailing_address|full_address|postal_address"),
    ("street2", r"address(_?line)?_?[2-4]|addr_?[2-4]|street(_?line)?_?[2-4]|line_?[2-4]"
                r"|adress_?zusatz|suite|apartment|apt"),
    ("house_number", r"house_?(number|no|nr|num)|street_?(number|no|nr)|haus_?(nummer|nr)|building_?(number|no)"),
    ("postcode", r"(post(al)?_?code|zip|zip_?code|plz|postleit_?zahl|code_postal|codigo_postal|cep"
                 r"|cap|postcode|post_?nr"
                 r"|postal)(_?[45])?|pin_?code"),
    ("city", r"city(_?name)?|town|municipality|locality|ort|stadt|ville|ciudad|cidade|citta|stad|miasto|place_of_birth"
             r"|birth_?place"),
    ("district", r"district|county|borough|suburb|neighbou?rhood|bezirk|landkreis"),
    ("state", r"states?(_?(name|code|abbr|abbreviation|province))?|province(_?(name|code))?|region|us_state"
              r"|bundesland|estado|provincia|departement"),
    ("country_code", r"country_?(code|iso|iso_?[23]?|abbr|cd)|iso_?country|nationality_code|land_?code|iso_?[23]"),
    ("country", r"country(_?(name|region))?|nation|land|pays|pais|paese|nationality|kraj|citizenship|origin_country"),
    ("latitude", r"lat|latitude|geo_?lat|gps_?lat"),
    ("longitude", r"lon|lng|long|longitude|geo_?(lon|lng|long)|gps_?(lon|lng|long)"),
    ("password", r"pass_?words?(_?(hash|digest|salt|encrypted))?|passwd|pwd(_?hash)?|pass_?hash|pw_?hash"
                 r"|(hashed|encrypted)_?password|passphrase|salt|kenn_?wort|pass_?wort|mot_de_passe|contrasena|senha"),
    ("token", r".*_?(api|access|refresh|session|auth|secret|private|reset|csrf|device|push"
              r"|bearer)_?(token|key|secret)s?"
              r"|tokens?|secrets?|api_?key|session_?id|csrf|otp(_?secret)?|fingerprint|nonce|webhook_secret|.*_token"),
    ("hash", r"(.*_)?(hash|checksum|digest|sha|sha1|sha256|sha512|md5|etag|signature)"),
    ("username", r"user_?names?|logins?(_?(name|id))?|user_?login|user_?id_?name|screen_?name|handle|nick|account_?name"
                 r"|benutzer_?name|utilisateur|usuario|created_by_user|twitter(_handle)?|skype|github"),
    ("birth_date", r"(birth|born)_?(date|day|dt|on)?|date_?of_?birth|dob|geburts_?(datum|tag)|date_naissance"
                   r"|fecha_nacimiento|birth_?dt"),
    ("credit_card", r"(credit|debit|payment)?_?card_?(number|no|num|nr)|credit_?card|cc_?(number|num|no)|pan|ccn"),
    ("iban", r"iban(_?(number|code))?"),
    ("bic", r"bic|swift(_?code)?"),
    ("bank_account", r"(bank_?)?account_?(number|no|nr|num)|acct_?(number|no|num)|konto_?(nummer|nr)?|routing_?number"),
    ("national_id", r"ssn|social_?security(_?(number|no|num))?|national_?(id|insurance)(_?(number"
                    r"|no))?|nin|nino|tax_?id"
                    r"(_?number)?|tin|vat(_?(id|number|no|nr))?|passport(_?(number|no))?"
                    r"|personal_?(id|number|code)|pesel"
                    r"|cpf|cnpj|dni|nif|curp|rfc|aadhaar|sin|ein|id_?card(_?number)?"
                    r"|driver_?s?_?licen[cs]e(_?(number|no))?"
                    r"|personnummer|steuer_?(id|nummer)|siret|siren|medicare(_?number)?"),
    ("license_plate", r"licen[cs]e_?plate|plate(_?(number|no))?|number_?plate|kennzeichen|registration_?plate"),
    ("vin", r"vin|vehicle_?identification(_?number)?"),
    ("mac", r"mac(_?addr(ess)?)?|hw_?addr(ess)?"),
    ("ip", r"(.*_)?ip(_?v?[46])?(_?addr(ess)?)?|inet|remote_?addr|client_?ip|host_?address"),
    ("url", r"(.*_)?urls?|(.*_)?uri|web_?sites?|home_?page|web_?page|(.*_)?link|href|webseite|profile_?link"),
    ("hostname", r"host_?name|host|domain(_?name)?|server_?name|fqdn"),
    ("user_agent", r"user_?agent|ua|browser"),
    ("file_path", r"(file_?)?path(_?name)?|directory|folder|(photo|image|picture|file|document|avatar)_?path"),
    ("file_name", r"(.*_)?file_?name|(.*_)?filename|attachment(_?name)?"),
    ("mime_type", r"mime_?type|content_?type|media_?type"),
    ("timezone", r"time_?zone|tz|zeit_?zone"),
    ("currency_code", r"currency_?(code|iso|cd)|curr(ency)?|waehrung|devise|moneda"),
    ("language_code", r"language_?code|lang_?code|locale|culture|lang|iso_?639"),
    ("language", r"languages?(_?name)?|sprache|langue|idioma"),
    ("gender", r"gender|sex|geschlecht|sexe|sexo|genero"),
    ("name_title", r"title_of_courtesy|courtesy_?title|salutation|anrede|honorific|name_?(prefix|title)|civilite"),
    ("name_suffix", r"(name_?)?suffix"),
    ("job", r"job(_?(title|name|role|position))?|occupation|profession|position(_?title)?|beruf"
            r"|contact_?title|work_?title"
            r"|designation|metier"),
    ("color", r"colou?rs?(_?name)?|farbe|couleur"),
    ("unit", r"units?(_?of_?measure)?|uom|measure_?unit|einheit"),
    ("weekday", r"week_?day|day_?(of_?week|name)|wochentag"),
    ("month", r"month(_?name)?|monat"),
    ("size", r"(clothing_?|shoe_?|frame_?)?size|groesse|taille"),
    ("marital_status", r"marital(_?status)?|civil_?status|familienstand|estado_civil"),
    ("blood_group", r"blood_?(type|group)|blutgruppe"),
)  # fmt: skip
"""The first rule that matches the whole name, or its end after a prefix, wins."""

GENERAL_RULES: tuple[tuple[str, str], ...] = (
    ("prose", r"(.*_)?(notes?|comments?|descriptions?|desc|body|text|message|content|remarks?|summary|abstract|bio"
              r"|biography|review|feedback|details?|reason|explanation|memo|about|synopsis|caption"
              r"|instructions?|bemerkung"
              r"|beschreibung|query)"),
    ("title", r"(.*_)?(title|subject|headline|heading|titel)"),
    ("code", r"(.*_)?(code|sku|ref|reference|number|no|nr|num|serial|isbn|ean|upc|barcode|gtin"
             r"|invoice|voucher|coupon|tag"
             r"|slug|key|identifier|nummer)"),
    ("name", r"(.*_)?(names?|label|bezeichnung|nom|nome|nazwa|naam)"),
)  # fmt: skip
"""Tried where no rule above matches any end of the name."""

AMBIGUOUS = frozenset(
    "str ort land pan tin sin ein cap cep tel ua long lat lon host nick handle salt state states region nation rue stad"
    " ville sex pwd cap apt suite gender origin_country pais paese kraj pays tag initials fax_no handle github skype"
    " login attention attn address addr directory folder path browser pin_code nombre nombres imie postal zip tz"
    " lang".split()
)
"""Words that mean something else as often as not: believed only where the content agrees."""

PEOPLE = frozenset(
    "customer client person people user employee staff contact patient student teacher member author driver passenger"
    " guest actor doctor physician nurse player athlete applicant candidate subscriber salesperson buyer seller visitor"
    " donor volunteer kunde mitarbeiter personne cliente manager recipient sender reviewer approver referee".split()
)
"""Tables and prefixes whose ``name`` is a person's."""

ROLES = PEOPLE | frozenset("owner tenant agent holder host creator winner lead account rep sales".split())
"""Words before ``name`` that may mean a person."""

COMPANIES = frozenset(
    "company supplier vendor shipper manufacturer organization organisation employer firm merchant carrier agency"
    " publisher airline hospital bank partner distributor reseller firma".split()
)
NOT_PERSONAL = frozenset("product item article film movie track song file event table column field".split())
