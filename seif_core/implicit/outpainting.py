"""stub"""
def outpaint(pixels, mask, shown, fit):
    return pixels, mask
