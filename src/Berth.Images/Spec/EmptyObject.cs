namespace Berth.Images.Spec;

/// <summary>The <c>{}</c> that Go's sets of strings carry as values.</summary>
public sealed record EmptyObject
{
    /// <summary>The only value needed.</summary>
    public static EmptyObject Value { get; } = new();
}
