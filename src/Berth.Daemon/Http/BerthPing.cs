namespace Berth.Daemon.Http;

/// <summary>Answer to <c>GET /berth/ping</c>: which daemon this is.</summary>
internal sealed record BerthPing(string Version, string Commit, int Pid, string DataRoot, string RunRoot, string CgroupParent);
