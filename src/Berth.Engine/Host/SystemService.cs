namespace Berth.Engine.Host;

/// <summary>Facts about the engine and its host.</summary>
public sealed class SystemService
{
    /// <summary>Newest API version spoken.</summary>
    public const string ApiVersion = "1.50";

    /// <summary>Oldest API version spoken.</summary>
    public const string MinApiVersion = "1.40";

    /// <summary>Versions of the engine and its parts.</summary>
    public VersionInfo Version() => throw new NotImplementedException();

    /// <summary>Counts, drivers and features.</summary>
    public HostInfo Info() => throw new NotImplementedException();

    /// <summary>Disk space by kind.</summary>
    public DiskUsage DiskUsage(bool instances, bool volumes) => throw new NotImplementedException();
}
