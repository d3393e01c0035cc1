using Berth.Linux;
using Microsoft.AspNetCore.Http;

namespace Berth.Daemon.Http;

/// <summary>The one table from exceptions to HTTP statuses and messages.</summary>
internal static class ErrorTable
{
    /// <summary>Status and message for the client.</summary>
    public static (int Status, string Message) Describe(Exception exception) => exception switch
    {
        ApiException api => (api.Status, api.Message),
        BadHttpRequestException bad => (bad.StatusCode, bad.StatusCode == 413
            ? $"the request body is larger than {StrictJson.MaxBytes} bytes" : bad.Message),
        LinuxException { Errno: Errno.ENOSPC or Errno.EDQUOT } full => (507, $"no space left: {full.Message}"),
        LinuxException linux => (500, linux.Message),
        OperationCanceledException => (503, "the daemon is stopping"),
        _ => (500, exception.Message),
    };

    /// <summary>True for errors that nobody planned; they are logged with their stack.</summary>
    public static bool IsUnexpected(Exception exception) => exception is not ApiException;
}
