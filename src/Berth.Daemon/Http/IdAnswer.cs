namespace Berth.Daemon.Http;

/// <summary>The id of what was made.</summary>
internal sealed record IdAnswer(string Id);
