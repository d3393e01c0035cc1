namespace Berth.Engine.Networks;

/// <summary>A network that was made.</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Warning">Empty.</param>
public sealed record NetworkCreateResult(string Id, string Warning);
