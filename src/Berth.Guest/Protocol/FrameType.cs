namespace Berth.Guest.Protocol;

/// <summary>Kinds of frames; docs/guest-protocol.md. Below 128 the host sends, from 129 on the guest.</summary>
internal enum FrameType : byte
{
    Hello = 1,
    SetUp = 2,
    Start = 3,
    Input = 4,
    InputEnd = 5,
    Signal = 6,
    Resize = 7,
    Credit = 8,
    Stats = 9,
    Shutdown = 10,
    AddCard = 11,
    RemoveCard = 12,
    ConfigureNetwork = 13,
    Layer = 14,

    Greeting = 129,
    Ready = 130,
    Started = 131,
    Output = 132,
    OutputEnd = 133,
    Exited = 134,
    Failed = 135,
    InputCredit = 136,
    StatsReply = 137,
    Bye = 138,
    Log = 139,
    Done = 140,
}
