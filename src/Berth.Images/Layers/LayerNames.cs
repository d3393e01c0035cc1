namespace Berth.Images.Layers;

/// <summary>Names with a meaning in layer archives and overlay directories. [OCI-IMG] layer.md "Whiteouts"; [OVERLAY].</summary>
internal static class LayerNames
{
    public const string WhiteoutPrefix = ".wh.";
    public const string OpaqueMarker = ".wh..wh..opq";

    /// <summary>AUFS bookkeeping that old archives carry; it has no meaning outside AUFS.</summary>
    public const string AufsPrefix = ".wh..wh.";

    public const string OpaqueXattr = "trusted.overlay.opaque";
    public const string OverlayXattrPrefix = "trusted.overlay.";
}
