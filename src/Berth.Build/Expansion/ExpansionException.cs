namespace Berth.Build.Expansion;

/// <summary>Variables of a text cannot be replaced.</summary>
public sealed class ExpansionException(string message) : Exception(message);
