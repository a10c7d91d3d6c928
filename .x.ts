import { createEngine } from './src/match/index.ts';
import { createSchema } from './src/schema/index.ts';
import { loadBenchRules } from './bench/engine/rules.ts';
import { eventStream } from './bench/engine/stream.ts';
const schema=createSchema('linux');
const {rules}=await loadBenchRules(schema);
const e:any=createEngine({rules,fields:schema.fields,slackMs:120000});
const cost=new Map<any,number>();
let n=0;
for(const evs of eventStream({schema,events:110000})){ for(const ev of evs){ n++;
  if(n<44000){e.push(ev,()=>{});continue}
  if(!e.started)e.start(ev,()=>{});
  const c=e.candidates(ev); e.shared.begin(ev);
  for(const i of c){const t=process.hrtime.bigint(); e.runners[i].push(ev,()=>{}); cost.set(i,(cost.get(i)??0)+Number(process.hrtime.bigint()-t));}
  e.shared.end();
}}
const m=n-44000;
let tot=0;for(const v of cost.values())tot+=v;
console.log('events',m,'eval ns/event',tot/m);
for(const [i,v] of [...cost].sort((a,b)=>b[1]-a[1]).slice(0,30)){const r=e.runners[i];console.log(r.rule.name.slice(0,60).padEnd(60),r.rule.query.kind,'evaluated/ev',(r.evaluated/n).toFixed(3),'ns/ev',(v/m).toFixed(0),'ns each',(v/m/(r.evaluated/n)).toFixed(0))}
console.log(e.runners.reduce((s:number,r:any)=>s+r.evaluated,0)/n);
