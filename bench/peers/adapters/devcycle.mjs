// As the server SDK calls it: users and variables cross as protocol buffers.
import bucketing from '@devcycle/bucketing-assembly-script';

const { DVCUser_PB, NullableCustomData, NullableDouble, NullableString, SDKVariable_PB, VariableForUserParams_PB } = bucketing.ProtobufTypes;
const KEY = 'dvc_server_bench';
const text = (value) => NullableString.create({ value, isNull: false });
const noText = NullableString.create({ value: '', isNull: true });
const noData = () => NullableCustomData.create({ value: {}, isNull: true });
let engine;

export default {
  meta: { name: 'DevCycle (wasm)', package: '@devcycle/bucketing-assembly-script', file: 'devcycle.json' },
  async load(document) {
    engine ??= await bucketing.instantiate();
    engine.setPlatformData(JSON.stringify({ sdkType: 'server', sdkVersion: '1.0.0', platform: 'NodeJS', platformVersion: '20', hostname: 'bench' }));
    engine.setConfigDataUTF8(KEY, Buffer.from(document));
    return engine;
  },
  user: ({ key, email, country, appVersion }) => DVCUser_PB.create({
    user_id: key, email: text(email), name: noText, language: noText, country: text(country), appVersion: text(appVersion), deviceModel: noText,
    appBuild: NullableDouble.create({ value: 0, isNull: true }), customData: noData(), privateCustomData: noData(),
  }),
  evaluate(engine, key, user) {
    const asked = VariableForUserParams_PB.create({ sdkKey: KEY, user, variableKey: key, variableType: 0, shouldTrackEvent: false });
    const found = engine.variableForUser_PB(VariableForUserParams_PB.encode(asked).finish());
    return found ? SDKVariable_PB.decode(found).boolValue : false;
  },
  evaluateAll: (engine, { user_id, email, country, appVersion }) => JSON.parse(engine.generateBucketedConfigForUser(
    KEY, JSON.stringify({ user_id, email: email.value, country: country.value, appVersion: appVersion.value }),
  )),
  wasmMemory: (engine) => engine.memory.buffer.byteLength,
  close() {},
};
