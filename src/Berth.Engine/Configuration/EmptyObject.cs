namespace Berth.Engine.Configuration;

/// <summary>The value <c>{}</c> that Docker uses for members of a set.</summary>
public sealed record EmptyObject;
