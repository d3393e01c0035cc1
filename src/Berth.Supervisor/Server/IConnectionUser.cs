namespace Berth.Supervisor.Server;

/// <summary>What a connection's bytes mean at present: a request, an attached client's input, nothing. All calls come on the loop.</summary>
internal interface IConnectionUser
{
    /// <summary>The peer sent bytes; they are valid during the call.</summary>
    void OnInput(ReadOnlySpan<byte> bytes);

    /// <summary>The peer half-closed: no more input follows, output is still wanted.</summary>
    void OnInputEnd();

    /// <summary>Some of the waiting output was taken.</summary>
    void OnOutputTaken();

    /// <summary>The connection is gone.</summary>
    void OnClosed();
}
