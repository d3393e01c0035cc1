namespace Berth.Images.Tar;

/// <summary>An extended attribute with its full name, such as <c>security.capability</c>.</summary>
public sealed record Xattr(string Name, byte[] Value);
