/** The page in Mustache. Two braces escape; three only for what this folder draws itself. */
const head = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<link rel="icon" href="data:," />
<title>{{title}}</title>
<style>{{{style}}}</style>
</head>`;

const opening = `<header class="{{outcome.tone}}">
<p class="day">{{day}} · recovery report{{#dryRun}} · <strong>dry run: nothing was changed</strong>{{/dryRun}}</p>
<h1><span class="sign" aria-hidden="true">{{outcome.sign}}</span><span class="outcome">{{outcome.text}}</span> <span class="route">{{route}}</span></h1>
<p class="summary">{{summary}}</p>
<dl class="facts">
{{#facts}}
<div class="{{tone}}"><dt>{{term}}</dt><dd><span class="sign" aria-hidden="true">{{sign}}</span>{{text}}{{#note}}<small>{{.}}</small>{{/note}}</dd></div>
{{/facts}}
</dl>
</header>`;

/** What was counted since comes first: it may say the opposite of the figures above it, which stay as they were stored. */
const attention = `{{#addendum.length}}
<section class="attention warn"><h2>{{titles.addendum}}</h2><ul>{{#addendum}}<li>{{.}}</li>{{/addendum}}</ul></section>
{{/addendum.length}}
{{#exceptions.length}}
<section class="attention bad"><h2>{{titles.exceptions}}</h2><ul>{{#exceptions}}<li>{{.}}</li>{{/exceptions}}</ul></section>
{{/exceptions.length}}
{{#leftovers.length}}
<section class="attention warn"><h2>{{titles.leftovers}}</h2><ul class="todo">{{#leftovers}}<li>{{.}}</li>{{/leftovers}}</ul></section>
{{/leftovers.length}}`;

const course = `{{#course}}
<section><h2>What happened when</h2>
<figure><div class="picture" role="img" aria-label="{{alt}}">{{{svg}}}</div>
<figcaption><span class="key step"></span>step{{#failed}}<span class="key bad"></span>failed{{/failed}}{{#skipped}}<span class="key warn"></span>skipped or undone{{/skipped}}{{#dryRun}}<span class="key idle"></span>a live run would do{{/dryRun}}{{#asked}}<span class="key people"></span>waiting for people (<span class="vote">◆</span> a vote that counted, <span class="cross">✕</span> one that did not){{/asked}}</figcaption></figure>
</section>
{{/course}}`;

const clock = `{{#clock}}
<section><h2>The clock</h2>
<figure><div class="picture" role="img" aria-label="{{alt}}">{{{svg}}}</div></figure>
<table class="parts"><thead><tr><th scope="col">Part</th><th scope="col">From the part before</th><th scope="col" class="number">Time</th></tr></thead><tbody>
{{#parts}}<tr><th scope="row"><span class="key {{key}}"></span>{{name}}</th><td>{{meaning}}</td><td class="number">{{time}}</td></tr>
{{/parts}}</tbody><tfoot><tr><th scope="row">Total</th><td>{{since}}</td><td class="number">{{total}}</td></tr><tr><th scope="row">Waiting for people</th><td>part of the total</td><td class="number">{{people}}</td></tr></tfoot></table>
{{#objectives}}<h3>Against the objectives</h3>
<figure><div class="picture" role="img" aria-label="{{alt}}">{{{svg}}}</div><figcaption>Each row has the length of its RTO; the colours are those of the clock above.</figcaption></figure>{{/objectives}}
</section>
{{/clock}}`;

const functions = `{{#functions}}
<section><h2>Functions</h2>
<div class="wide"><table><thead><tr><th scope="col">Function</th><th scope="col">Tier</th><th scope="col">State</th><th scope="col">RTO target</th><th scope="col">achieved</th><th scope="col">RPO target</th><th scope="col">achieved</th><th scope="col" class="number">Cost of the outage</th></tr></thead><tbody>
{{#rows}}<tr><th scope="row">{{name}}{{#differences}}<p class="difference">{{.}}</p>{{/differences}}</th><td>{{tier}}</td>{{#state}}<td class="{{tone}}"><span class="sign" aria-hidden="true">{{sign}}</span>{{text}}</td>{{/state}}{{#rto}}<td>{{target}}</td><td class="{{tone}}">{{achieved}} <strong><span class="sign" aria-hidden="true">{{sign}}</span>{{judgement}}</strong></td>{{/rto}}{{#rpo}}<td>{{target}}</td><td class="{{tone}}">{{achieved}} <strong><span class="sign" aria-hidden="true">{{sign}}</span>{{judgement}}</strong></td>{{/rpo}}<td class="number">{{cost}}</td></tr>
{{/rows}}</tbody>{{#cost}}<tfoot><tr><th scope="row" colspan="7">Cost of the outage together</th><td class="number">{{.}}</td></tr></tfoot>{{/cost}}</table></div>
</section>
{{/functions}}`;

const decisions = `{{#gates.length}}
<section><h2>Decisions</h2>
{{#gates}}
<article><h3>{{question}}</h3>
<p><strong>{{decided}}</strong> ({{terms}})</p>
{{#votesCast}}<div class="wide"><table><thead><tr><th scope="col">At</th><th scope="col">Who</th><th scope="col">Choice</th><th scope="col">Reason</th><th scope="col">By</th><th scope="col">Result</th></tr></thead><tbody>
{{#votes}}<tr><td class="time">{{time}}</td><th scope="row" class="who">{{who}}</th><td>{{choice}}</td><td>{{reason}}</td><td>{{channel}}</td><td class="{{tone}}"><span class="sign" aria-hidden="true">{{sign}}</span>{{judged}}</td></tr>
{{/votes}}</tbody></table></div>{{/votesCast}}
{{^votesCast}}<p class="soft">No vote was cast.</p>{{/votesCast}}
{{#changedBeyond}}<p class="soft">{{.}}</p>{{/changedBeyond}}
<p class="soft">Asked were: {{electorate}}.</p></article>
{{/gates}}
</section>
{{/gates.length}}
{{#refusals.length}}
<section><h2>Said to the run, and come to nothing</h2><ul>{{#refusals}}<li>{{.}}</li>{{/refusals}}</ul></section>
{{/refusals.length}}`;

const steps = `{{#steps.length}}
<section><h2>Steps and their evidence</h2>
<div class="wide"><table class="steps"><thead><tr><th scope="col">Step</th><th scope="col">Result</th><th scope="col">Began</th><th scope="col" class="number">Took</th><th scope="col">What it found or did</th></tr></thead><tbody>
{{#steps}}<tr><th scope="row">{{name}}<small>{{phase}}</small></th><td class="{{tone}}"><span class="sign" aria-hidden="true">{{sign}}</span>{{result}}</td><td class="time">{{began}}</td><td class="number">{{took}}{{#people}}<small>people: {{.}}</small>{{/people}}</td><td class="evidence">{{evidence}}</td></tr>
{{/steps}}</tbody></table></div>
</section>
{{/steps.length}}`;

const servers = `{{#servers.length}}
<section><h2>Who can write</h2>
<div class="wide"><table><thead><tr><th scope="col">Site</th><th scope="col">Server</th><th scope="col">Predicted</th><th scope="col">Observed</th><th scope="col">How it is known</th></tr></thead><tbody>
{{#servers}}<tr><th scope="row">{{site}}</th><td>{{server}}</td><td>{{predicted}}</td><td class="{{tone}}"><span class="sign" aria-hidden="true">{{sign}}</span>{{observed}}</td><td>{{how}}</td></tr>
{{/servers}}</tbody></table></div>
</section>
{{/servers.length}}`;

const rest = `{{#changes.length}}
<section><h2>{{changesTitle}}</h2><ol>{{#changes}}<li>{{.}}</li>{{/changes}}</ol></section>
{{/changes.length}}
{{#timeline.length}}
<section><h2>Timeline</h2><ol class="log">{{#timeline}}<li><time datetime="{{at}}">{{time}}</time> <span>{{text}}</span></li>{{/timeline}}</ol></section>
{{/timeline.length}}
{{#leftOut.length}}
<section><h2>Left out of this report</h2><ul>{{#leftOut}}<li>{{.}}</li>{{/leftOut}}</ul></section>
{{/leftOut.length}}
<footer><h2>Where this comes from</h2>
<dl>{{#run}}<div><dt>{{term}}</dt><dd>{{text}}</dd></div>{{/run}}</dl>
{{#origin}}<p>{{text}}, digest <code>{{digest}}</code>. {{note}}</p>{{/origin}}
</footer>`;

export const template = `${head}
<body>
<main>
${[opening, attention, course, clock, functions, decisions, steps, servers, rest].join('\n')}
</main>
</body>
</html>
`;
