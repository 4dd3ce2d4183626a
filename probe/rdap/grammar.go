package rdap

import (
	"regexp"
	"slices"
	"strings"
)

// The keys of a WHOIS record, in lower case, with a blank for "_" and "-".
var (
	domainKeys = keyList(`domain, domain name, domainname, dominio, nombre de dominio, nome de domínio, nom de domaine,
		domain ace, domain name ascii, complete domain name, ascii`)
	// echoKeys have the name that was asked about, and others have other things.
	echoKeys      = keyList(`query, name, object, key`)
	registrarKeys = keyList(`registrar, registrar name, sponsoring registrar, registrar organization, registrar company name,
		registrar id, current registrar, registered through, registrado por, registrar handle, registration service provider, registered by, registrar agent, accredited registrar`)
	createdKeys = keyList(`creation date, created, created on, created date, create date, registered, registered on, registered date,
		registration date, registration time, registration, domain create date, domain created, domain registered, domain registration date,
		record created, record created on, created at, activated, activated on, activation date, acivated, registered since,
		commencement date, data de registo, data de criação, fecha de creación, fecha de registro, date de creation, date de création`)
	expiresKeys = keyList(`registry expiry date, expiration date, expiry date, expires, expires on, expires at, expire date, expire, expiry, expired,
		expiration time, expiration, renewal date, renewal, paid till, valid until, validity, valid to, domain expiration date, domain expires,
		domain expiry date, registrar registration expiration date, record expires, record expires on, record will expire on, exp date,
		data de expiração, fecha de expiración, fecha de vencimiento, date d'expiration, registered until, next renewal date`)
	updatedKeys = keyList(`updated date, last updated on, last updated, last modified, modified, modified date, changed, updated, updated on,
		last update, last updated date, modification date, domain last updated date, record last updated on, record last updated, update date, last changed`)
	statusKeys = keyList(`status, domain status, state, registration status, eppstatus, epp status, domain state, estado, estado del dominio, statut, query status`)
	serverKeys = keyList(`name server, nserver, nameserver, name servers, nameservers, domain nameservers, domain servers in listed order,
		domain servers, dns servers, servers, ns, host name, hostname, p nserver, primary server, nombres de servidores`)
	dnssecKeys = keyList(`dnssec, ds records, dnssec signed`)
	dropKeys   = keyList(`date to delete, date to release, drop date, deletion date, free date, to be deleted, purge date`)
)

func keyList(text string) []string {
	all := strings.Split(text, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// The grammar of the replies of registries that whois.txt does not have: whole
// sentences as record.sentences holds them. What is not said in one of them is
// not understood. Names other than theName fit into none.
var (
	// freeSentence says that there is no registration.
	freeSentence = grammar(
		`{subject}? ?{was} ?not (?:be )?found{place}`,
		`not (?:found|known|registered): ?`+theName+`{place}`,
		`(?:not registered - )?{subject} (?:is not a registered (?:[\pL.]+ )?(?:domain name|domain|name)|no match|(?:does|do) not exist|(?:is )?unknown|no existe|n'existe pas|not known){place}`,
		`the queried object does not exist(?:: (?:domain not found|no matching objects? found))?`,
		`{subject} {was} ?(?:free|available|(?:still )?available for (?:registration|purchase|sale)|not registered|unregistered|not (?:been )?registered|unassigned)`,
		`{subject} (?:is )?(?:libre|disponible|frei|ledig|vapaa|wolna|volné|свободен|no está registrado|no registrado|nicht registriert|nie jest zarejestrowana)`,
		`(?:[\pL ]+ / )?(?:no match|no matches|no matching (?:record|records|entry|entries|domain|domains|object|objects))(?: was| were)?(?: found)?{about}{place}`,
		`(?:no|0) {thing} ?{was} ?(?:found|exists?)?{about}{place}`,
		`no {thing} ?{was}(?: found)? (?:matching|(?:that|to) match(?:es)?) (?:domain )?`+theName+`(?: {was} ?found)?{place}`,
		`we do not have an entry in our database matching your query`,
		`no found`,
		`no (?:data|information|record|records) (?:was |were )?found to match the request criteria`,
		`no information (?:is )?available about {subject}{place}`,
		`nothing (?:was )?found{about}{place}`,
		`{thing} (?:does not exist|not exist|unknown|not known)(?:{about}{place})?`,
		`unknown {thing}(?:{about})?`,
		`(?:unfortunately,? |sorry,? )?no results? (?:was |were )?found{about}{place}`,
		`no (?:such )?(?:domain|domain name|object|entry|record)(?: registered)?{about}{place}`,
		`(?:el )?dominio (?:`+theName+` )?no (?:existe|encontrado|registrado|se encuentra registrado)`,
		`(?:le )?(?:nom de )?domaine (?:`+theName+` )?(?:non trouvé|inexistant|n'existe pas|n'est pas enregistré|est disponible)`,
		`(?:o )?dom[ií]nio (?:`+theName+` )?(?:não encontrado|inexistente|disponível|não registrado|não registado)`,
		`(?:домен|domain) (?:`+theName+` )?не (?:найден|зарегистрирован)`,
	)

	// freeLine says so of the name that another line has.
	freeLine = grammar(`available|free|not registered|unregistered`)

	// freeStatus is the value of a status that says so.
	freeStatus = grammar(
		`(?:\d+ )?(?:available|free|no object found|not registered|unregistered|unassigned|not found|no match|not exist|libre|disponible|avail|notfound|` +
			`available for registration|not delegated)(?: no match{about})?`,
	)

	// withheldSentence says that the registry withholds the name.
	withheldSentence = grammar(
		`{subject} {was} ?{withheld}{bywhom}`,
		`(?:name|domain|domain name) {was} ?{withheld}{bywhom}`,
		`(?:restricted|reserved|blocked|prohibited) ?[-:] ?(?:reserved|restricted|blocked|prohibited) (?:domain name|domain|name){bywhom}`,
		`(?:reserved|blocked|withheld) (?:domain name|domain|name|by (?:the )?[\pL.]+(?: registry)?)`,
		`{subject} (?:you (?:have )?requested )?(?:is|has been) (?:prohibited|forbidden|blocked)`,
		`{subject} (?:cannot|can not|may not) be registered`,
	)
	withheldStatus = grammar(`(?:{withheld}|prohibited string.*cannot be registered|forbidden|unassignable|prohibited|not available for registration)(?: (?:domain name|domain|name))?{bywhom}`)

	// takenStatus is the value of a status that only a registration has.
	takenStatus = regexp.MustCompile(`^(?:active|ok|registered|granted|delegated|in use|connect|connected|published|paid|` +
		`paid and in zone|taken|assigned|suspended|expired|not available|unavailable|on ?hold|locked|inactive|quarantine|redemption|` +
		`allocated|verified|renewed|live|up|pendiente|activo|activa|ativo|actif|activated|ok until|registrado|` +
		`(?:client|server|pending|auto|add|transfer|renew|redemption).*)\b`)

	// hint matches what must not stand in a reply that is taken for free: words
	// about names of that kind, or about the number of questions, that are not
	// understood.
	hint = regexp.MustCompile(`(?m)^(?:reserved|restricted|blocked|premium|not available|unavailable)\b|` +
		`\b(?:domain|name|` + theName + `)[:,]? (?:is|has been|was|are|cannot|can not|may not|status)\b.*` +
		`\b(?:reserved|restricted|blocked|withheld|premium|not available|unavailable|prohibited|forbidden|` +
		`not allowed|invalid|suspended|quarantined?|already registered|taken)\b|` +
		`^(?:error|invalid|malformed|usage|syntax|internal|timeout|service|server|database|temporar|try again|please try|connection)\b.*` +
		`\b(?:error|invalid|unavailable|failed|failure|later|refused|denied|busy|query|request|down|maintenance)\b|` +
		`\b(?:quota|throttl|rate limit|request limit|query limit)[a-z]*\b|^(?:http/|<|!doctype|html)`)
	harmlessHint = regexp.MustCompile(`\b(?:all )?rights?[a-z ]* (?:reserved|restricted)\b|\b(?:not|nor|never) (?:been )?(?:reserved|restricted|blocked|taken)\b`)
)

// grammar compiles sentences that are matched whole.
func grammar(sentences ...string) *regexp.Regexp {
	parts := strings.NewReplacer(
		"{subject}", `(?:(?:(?:sorry|unfortunately),? )?(?:but )?(?:the |this |your )?(?:requested |queried |following )?`+
			`(?:domain name|domain|name|object|record|entry|query)?(?: you (?:have )?requested)?[:,]? ?`+theName+`[:,]?|`+
			`(?:the|this) (?:requested |queried )?(?:domain name|domain|name)|(?:requested |queried )?(?:domain name|domain|name|object)[:,]?)`,
		"{was}", `(?:is|was|were|has|has been|have been|could|are|been)?`,
		"{thing}", `(?:(?:such |matching |whois |registration |registered )?(?:domain names?|domains?|names?|objects?|entry|entries|records?|data|results?|information|match|matches)`+
			`(?: (?:names?|records?|data|entry|entries|objects?))?)`,
		"{about}", `(?: ?(?:for|about|of|on|with|matching|to match)?:? ?(?:the )?(?:(?:domain name|domain|object|query|name|string|(?:your|this|that) query|selected sources?|request)?[: ]*(?:`+
			theName+`)?))?`,
		"{place}", `(?: (?:in|within|on|from|at) (?:the |our |this )?(?:[\pL.’]+ ){0,5}(?:database|registry|register|whois|db|server|data base|source|system))?`,
		"{withheld}", `(?:reserved|restricted|blocked|withheld|(?:restricted|reserved|blocked|withheld) from registration|(?:not |un)available for registration|not registrable)`,
		"{bywhom}", `(?: by (?:the )?(?:[\pL.]+ )?(?:registry|registry operator|policy))?`,
	)
	return regexp.MustCompile(`(?m)^(?:error: ?(?:\d+: ?)?)?(?:` + theName + ` ?[-:] ?)?(?:` + parts.Replace(strings.Join(sentences, "|")) + `)$`)
}

// understand says what the reply of a registry means whose wording is not known.
func understand(name, lines string) whoisWord {
	r := readRecord(lines, name)
	own, other := r.about(name)
	data := r.hasData()
	free, named := r.says(freeSentence)
	if own && freeLine.MatchString(r.sentences) {
		free, named = true, true
	}
	withheld, withheldNamed := r.says(withheldSentence)
	active := false
	for _, s := range r.values(statusKeys) {
		switch s = sentence(s, spellings(name)); {
		case freeStatus.MatchString(s):
			own := own || strings.Contains(s, theName)
			free, named = free || own, named || own
		case withheldStatus.MatchString(s):
			withheld, withheldNamed = withheld || own, withheldNamed || own
		case takenStatus.MatchString(s):
			active = true
		}
	}
	switch {
	case withheld && !other:
		return whoisWord{Reserved, withheldNamed}
	case other, free && (active || data):
	case free && !hint.MatchString(harmlessHint.ReplaceAllString(r.sentences, "")):
		return whoisWord{NotRegistered, named}
	case own && (data || active || r.hasDate(updatedKeys)) && !free:
		return whoisWord{Registered, true}
	}
	return whoisWord{}
}

// says reports whether one of the sentences is in the reply, and whether one
// with the name is.
func (r *record) says(sentences *regexp.Regexp) (said, named bool) {
	for _, s := range sentences.FindAllString(r.sentences, -1) {
		said, named = true, named || strings.Contains(s, theName)
	}
	return said, named
}

// hasData reports whether there is what only a registration has.
func (r *record) hasData() bool {
	return r.hasDate(createdKeys) || r.hasDate(expiresKeys) || len(r.values(registrarKeys)) > 0 || len(r.values(serverKeys)) > 0
}

// hasDate reports whether the value behind one of the keys has a year.
func (r *record) hasDate(keys []string) bool {
	return slices.ContainsFunc(r.values(keys), year.MatchString)
}

var year = regexp.MustCompile(`\b(?:19|20)\d\d`)
