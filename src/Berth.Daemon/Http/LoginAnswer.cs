namespace Berth.Daemon.Http;

/// <summary>Answer to a login.</summary>
internal sealed record LoginAnswer(string Status, string IdentityToken);
