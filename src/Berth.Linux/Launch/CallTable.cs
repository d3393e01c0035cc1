using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Launch;

/// <summary>Calls laid out in native memory as the stub reads them. An entry is ten words: number, six arguments, result, head of a list
/// of argument words that take the result, and bytes to go on by after a failure (0: give up).</summary>
internal sealed unsafe class CallTable : IDisposable
{
    public const int EntrySize = 80;
    private const int ResultWord = 7, StoreWord = 8, SkipWord = 9;
    private const nint NotReached = -0x10000; // no errno

    /// <summary>Machine code that makes the call of the entry at RBX, whose number stands in RAX already. [SysV ABI]</summary>
    public static ReadOnlySpan<byte> MakeCall =>
    [
        0x48, 0x8B, 0x7B, 0x08, // mov rdi, [rbx+8]
        0x48, 0x8B, 0x73, 0x10, // mov rsi, [rbx+16]
        0x48, 0x8B, 0x53, 0x18, // mov rdx, [rbx+24]
        0x4C, 0x8B, 0x53, 0x20, // mov r10, [rbx+32]
        0x4C, 0x8B, 0x43, 0x28, // mov r8, [rbx+40]
        0x4C, 0x8B, 0x4B, 0x30, // mov r9, [rbx+48]
        0x0F, 0x05, //             syscall
    ];

    private readonly IReadOnlyList<ChildCall> _calls;
    private readonly nint* _entries;
    private readonly byte* _end;
    private readonly nint _shift;
    private byte* _free;

    /// <param name="calls">What is laid out.</param>
    /// <param name="address">Where the copy will stand that is used; 0: this block itself is used.</param>
    public CallTable(IReadOnlyList<ChildCall> calls, nint address = 0)
    {
        _calls = calls;
        int size = calls.Count * EntrySize;
        foreach (ChildCall call in calls)
        {
            foreach (ChildArgument argument in call.Arguments) size += SizeOf(argument);
        }
        // SAFETY: the block is as large as the sum of what is copied below; Take checks it again.
        _entries = (nint*)NativeMemory.AllocZeroed((nuint)size);
        _free = (byte*)_entries + calls.Count * EntrySize;
        _end = (byte*)_entries + size;
        _shift = address == 0 ? 0 : address - (nint)_entries;
        for (int i = 0; i < calls.Count; i++) Encode(i, calls[i]);
    }

    /// <summary>Address of the first entry.</summary>
    public nint Address => (nint)_entries;

    /// <summary>The whole block.</summary>
    public ReadOnlySpan<byte> Content => new(_entries, (int)(_end - (byte*)_entries));

    // SAFETY: both stay inside the block: the index is the caller's own call; a waiting child reads the words when it is let go.
    public nint Result(int index) => _entries[index * 10 + ResultWord];

    /// <summary>Makes a call that always fails lead to another table.</summary>
    public void Jump(int index, nint address) => _entries[index * 10 + SkipWord] = address - (nint)(_entries + index * 10);

    /// <summary>The call that ended the child before execve, with its errno; null when every one was answered.</summary>
    public (ChildCall Call, Errno Errno)? Failure()
    {
        for (int i = 0; i < _calls.Count; i++)
        {
            // SAFETY: entry i lies inside the block; the child is gone or runs another program, so nobody writes.
            nint result = _entries[i * 10 + ResultWord];
            if (result == NotReached) continue;
            if (result < 0 && _calls[i].OnErrorSkip is null) return (_calls[i], (Errno)(-result));
        }
        return null;
    }

    public void Dispose() => NativeMemory.Free(_entries);

    private void Encode(int index, ChildCall call)
    {
        // SAFETY: index is below the count of entries; a result refers to an earlier entry, which is checked.
        nint* entry = _entries + index * 10;
        entry[0] = call.Number;
        entry[ResultWord] = NotReached;
        entry[SkipWord] = call.OnErrorSkip is { } skip ? (skip + 1) * EntrySize : 0;
        for (int i = 0; i < call.Arguments.Length; i++)
        {
            ChildArgument argument = call.Arguments[i];
            if (!argument.IsResult)
            {
                entry[1 + i] = Place(argument);
                continue;
            }
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(argument.Number, index);
            // Words that wait for the same result form a list through themselves.
            nint* source = _entries + argument.Number * 10;
            entry[1 + i] = source[StoreWord];
            source[StoreWord] = (nint)(entry + 1 + i) + _shift;
        }
    }

    private nint Place(ChildArgument argument)
    {
        switch (argument.Content)
        {
            case null: return argument.Number;
            case FileDescriptor descriptor: return descriptor.Number;
            case string text: return PlaceText(text);
            case byte[] bytes: return PlaceBytes(bytes);
            case FilterProgram filter:
                nint instructions = PlaceBytes(filter.Instructions);
                byte* program = Take(16);
                // SAFETY: sock_fprog is a 16-bit count, padding and an address; 16 bytes were taken.
                *(ushort*)program = (ushort)(filter.Instructions.Length / 8);
                *(nint*)(program + 8) = instructions;
                return (nint)program + _shift;
            case IReadOnlyList<string> texts:
                nint* array = (nint*)Take((texts.Count + 1) * sizeof(nint));
                // SAFETY: the array has room for every text and the closing NULL (zeroed memory).
                for (int i = 0; i < texts.Count; i++) array[i] = PlaceText(texts[i]);
                return (nint)array + _shift;
            default: throw new InvalidOperationException($"no such argument: {argument.Content}");
        }
    }

    private nint PlaceText(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        byte* target = Take(length + 1);
        // SAFETY: length bytes and the closing NUL were taken.
        Encoding.UTF8.GetBytes(text, new Span<byte>(target, length));
        return (nint)target + _shift;
    }

    private nint PlaceBytes(byte[] bytes)
    {
        byte* target = Take(bytes.Length);
        bytes.CopyTo(new Span<byte>(target, bytes.Length));
        return (nint)target + _shift;
    }

    private byte* Take(int size)
    {
        byte* result = _free;
        _free += Aligned(size);
        return _free <= _end ? result : throw new InvalidOperationException("the call table is too small");
    }

    private static int SizeOf(ChildArgument argument) => argument.Content switch
    {
        string text => Aligned(Encoding.UTF8.GetByteCount(text) + 1),
        byte[] bytes => Aligned(bytes.Length),
        FilterProgram filter => Aligned(filter.Instructions.Length) + 16,
        IReadOnlyList<string> texts => (texts.Count + 1) * sizeof(nint) + texts.Sum(static t => Aligned(Encoding.UTF8.GetByteCount(t) + 1)),
        _ => 0,
    };

    private static int Aligned(int size) => (size + 7) & ~7;
}
