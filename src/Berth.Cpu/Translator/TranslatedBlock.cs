namespace Berth.Cpu.Translator;

/// <summary>One block of generated code; numbers of others are indexes, -1 for none.</summary>
internal struct TranslatedBlock
{
    public ulong Linear;

    /// <summary>Host address of the guest code.</summary>
    public nint Host;
    public int Mode;
    public BlockEntries Entries;

    /// <summary>Code that must stay as it is for the block to be valid: distance from <see cref="Host"/>, length, and the copy to compare with.</summary>
    public int SeenFrom, SeenLength;
    public nint Copy;

    /// <summary>Where an instruction reaches into a second page: its host address and how many bytes lie there, with a copy of them.</summary>
    public nint Second, SecondCopy;
    public int SecondLength;

    /// <summary>Its code has changed: nothing leads here any more.</summary>
    public bool Dropped;

    public int NextInBucket, NextInPage;

    /// <summary>First exit linked to this block.</summary>
    public int Incoming;
}
