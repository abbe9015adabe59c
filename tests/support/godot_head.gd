# Godot 3's server as `godot3-server --path PROJECT -s godot_head.gd`: what its importer made of head.glb, as JSON.
extends SceneTree

var found = {"bones": [], "keys": [], "lowest": [], "opened": [], "materials": 0}

func look(node):
	if node is Skeleton:
		for bone in range(node.get_bone_count()):
			found["bones"].append(node.get_bone_name(bone))
	if node is MeshInstance and node.mesh.get_blend_shape_count() > 0:
		var keys = []
		for key in range(node.mesh.get_blend_shape_count()):
			keys.append(node.mesh.get_blend_shape_name(key))
		found["keys"] = keys
		found["materials"] = node.mesh.get_surface_count()
		for surface in range(node.mesh.get_surface_count()):
			var shapes = node.mesh.surface_get_blend_shape_arrays(surface)
			found["lowest"].append(least(node.mesh.surface_get_arrays(surface)[0]))
			found["opened"].append(least(shapes[keys.find("jawOpen")][0]))
	for child in node.get_children():
		look(child)

func least(points):
	var y = 1e9
	for point in points:
		y = min(y, point.y)
	return y

func _init():
	look(load("res://head.glb").instance())
	print("FOUND " + to_json(found))
	quit()
