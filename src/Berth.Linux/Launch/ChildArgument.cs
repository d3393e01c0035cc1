namespace Berth.Linux.Launch;

/// <summary>An argument of a <see cref="ChildCall"/>: a number, something to be copied into memory, or the result of an earlier call.</summary>
public readonly struct ChildArgument : IEquatable<ChildArgument>
{
    private ChildArgument(nint number, object? content, bool isResult)
    {
        Number = number;
        Content = content;
        IsResult = isResult;
    }

    /// <summary>The number itself, or the index of the call whose result is meant.</summary>
    public nint Number { get; }

    /// <summary>Text (NUL-terminated for the kernel), bytes, a list of texts (argv), or a descriptor.</summary>
    public object? Content { get; }

    /// <summary>Whether <see cref="Number"/> names an earlier call.</summary>
    public bool IsResult { get; }

    /// <summary>The result of the call with this index, known only when the child has made it.</summary>
    public static ChildArgument ResultOf(int call) => new(call, null, isResult: true);

    /// <summary>Address of these bytes.</summary>
    public static ChildArgument Bytes(byte[] bytes) => new(0, bytes, isResult: false);

    /// <summary>Address of a NULL-terminated array of texts.</summary>
    public static ChildArgument Strings(IReadOnlyList<string> texts) => new(0, texts, isResult: false);

    /// <summary>Address of a <c>sock_fprog</c> that describes these instructions (8 bytes each).</summary>
    public static ChildArgument Filter(FilterProgram program) => new(0, program, isResult: false);

    public static implicit operator ChildArgument(nint number) => new(number, null, isResult: false);

    public static implicit operator ChildArgument(int number) => new(number, null, isResult: false);

    public static implicit operator ChildArgument(uint number) => new((nint)number, null, isResult: false);

    public static implicit operator ChildArgument(ulong number) => new((nint)number, null, isResult: false);

    public static implicit operator ChildArgument(string text) => new(0, text, isResult: false);

    public static implicit operator ChildArgument(FileDescriptor descriptor) => new(0, descriptor, isResult: false);

    public bool Equals(ChildArgument other) => Number == other.Number && IsResult == other.IsResult && Equals(Content, other.Content);

    public override bool Equals(object? obj) => obj is ChildArgument other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Number, Content, IsResult);

    public static bool operator ==(ChildArgument left, ChildArgument right) => left.Equals(right);

    public static bool operator !=(ChildArgument left, ChildArgument right) => !left.Equals(right);
}
