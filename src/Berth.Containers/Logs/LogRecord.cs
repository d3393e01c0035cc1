namespace Berth.Containers.Logs;

/// <summary>A record's header.</summary>
internal readonly record struct LogRecord(long Time, byte Stream, byte Flags, int Length)
{
    public bool IsMarker => Stream == LogFormat.Marker;

    public bool IsEnd => IsMarker && Flags == LogFormat.MarkerEnd;

    public bool IsPartial => !IsMarker && (Flags & LogFormat.FlagPartial) != 0;

    public int Size => LogFormat.OverheadBytes + Length;
}
