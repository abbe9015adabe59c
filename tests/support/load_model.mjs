// Loads a GLB or VRM with three.js and @pixiv/three-vrm, outside a browser, and prints what they made of it as JSON.
// Run as `node load_model.mjs MODULES FILE`; pictures are not decoded, for that needs a browser.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, file] = process.argv.slice(2);
globalThis.self = globalThis;
globalThis.createImageBitmap = async () => ({ width: 4, height: 4, close() {} });
URL.createObjectURL = () => "data:application/octet-stream;base64,AA==";
URL.revokeObjectURL = () => {};
globalThis.ProgressEvent ??= class {};

const from = (path) => import(pathToFileURL(`${modules}/node_modules/${path}`).href);
const THREE = await from("three/build/three.module.js");
const { GLTFLoader } = await from("three/examples/jsm/loaders/GLTFLoader.js");
const { VRMLoaderPlugin } = await from("@pixiv/three-vrm/lib/three-vrm.module.js");

const loader = new GLTFLoader();
loader.register((parser) => new VRMLoaderPlugin(parser));
const bytes = readFileSync(file);
const gltf = await loader.parseAsync(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), "");
gltf.scene.updateMatrixWorld(true);
const found = { meshes: [], vrm: null };
let keyed = null;

function box(node) {
  const place = new THREE.Vector3();
  const whole = new THREE.Box3();
  for (let i = 0; i < node.geometry.attributes.position.count; i += 1) {
    node.getVertexPosition(i, place); // with its morph targets and bones
    whole.expandByPoint(place.applyMatrix4(node.matrixWorld));
  }
  return [whole.min.toArray(), whole.max.toArray()];
}

gltf.scene.traverse((node) => {
  if (!node.isSkinnedMesh) return;
  const targets = Object.keys(node.morphTargetDictionary ?? {});
  if (targets.length && !keyed) keyed = node;
  const open = node.morphTargetDictionary?.jawOpen ?? node.morphTargetDictionary?.JawOpen;
  const mesh = { targets, bones: node.skeleton.bones.map((bone) => bone.name), box: box(node) };
  if (open !== undefined) {
    node.morphTargetInfluences[open] = 1;
    mesh.opened = box(node);
    node.morphTargetInfluences[open] = 0;
  }
  found.meshes.push(mesh);
});

const vrm = gltf.userData.vrm;
if (vrm) {
  const names = Object.keys(vrm.expressionManager.expressionMap);
  const moved = {};
  for (const name of names) {
    for (const other of names) vrm.expressionManager.setValue(other, other === name ? 1 : 0);
    vrm.update(0.01);
    const weights = keyed.morphTargetInfluences.map((weight, i) => [found.meshes[0].targets[i], weight]);
    moved[name] = Object.fromEntries(weights.filter(([, weight]) => weight > 1e-6));
  }
  vrm.lookAt.yaw = 30;
  vrm.update(0.01);
  const eye = new THREE.Euler().setFromQuaternion(vrm.humanoid.getRawBoneNode("leftEye").quaternion, "YXZ");
  const place = vrm.humanoid.getRawBoneNode("head").getWorldPosition(new THREE.Vector3());
  const { name, authors, licenseUrl, thirdPartyLicenses } = vrm.meta;
  const meta = { name, authors, licenseUrl, thirdPartyLicenses };
  found.vrm = { meta, bones: Object.keys(vrm.humanoid.humanBones), moved, eyeTurn: (eye.y * 180) / Math.PI, head: place.y };
}
console.log(JSON.stringify(found));
