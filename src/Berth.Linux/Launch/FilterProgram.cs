namespace Berth.Linux.Launch;

/// <summary>A classic BPF program as bytes: 8 per instruction.</summary>
public sealed record FilterProgram(byte[] Instructions);
