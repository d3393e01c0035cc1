using Berth.Engine;
using Berth.Images;
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
        // Kestrel's answer to a chunk size beyond 64 bits.
        IOException { InnerException: OverflowException } => (400, "the request body's chunk size is malformed"),
        EngineException engine => (StatusOf(engine.Kind), engine.Message),
        ImageException image => (StatusOf(image.Code), image.Message),
        LinuxException { Errno: Errno.ENOSPC or Errno.EDQUOT } full => (507, $"no space left: {full.Message}"),
        // What .NET's own file calls throw carries errno too.
        IOException { HResult: (int)Errno.ENOSPC or (int)Errno.EDQUOT } full => (507, $"no space left: {full.Message}"),
        LinuxException linux => (500, linux.Message),
        OperationCanceledException => (503, "the daemon is stopping"),
        _ => (500, exception.Message),
    };

    /// <summary>True for errors that nobody planned; they are logged with their stack.</summary>
    public static bool IsUnexpected(Exception exception)
        => exception is not (ApiException or BadHttpRequestException or IOException { InnerException: OverflowException } or EngineException or ImageException { Code: not ImageErrorCode.System } or OperationCanceledException);

    private static int StatusOf(EngineErrorKind kind) => kind switch
    {
        EngineErrorKind.NotFound => 404,
        EngineErrorKind.Conflict => 409,
        EngineErrorKind.InvalidParameter => 400,
        EngineErrorKind.NotModified => 304,
        EngineErrorKind.Unauthorized => 401,
        EngineErrorKind.Forbidden => 403,
        EngineErrorKind.NotImplemented => 501,
        EngineErrorKind.Unavailable => 503,
        EngineErrorKind.NoSpace => 507,
        _ => 500,
    };

    private static int StatusOf(ImageErrorCode code) => code switch
    {
        ImageErrorCode.NotFound => 404,
        ImageErrorCode.Conflict => 409,
        ImageErrorCode.InvalidParameter or ImageErrorCode.InvalidArchive => 400,
        ImageErrorCode.NotSupported => 501,
        ImageErrorCode.Unauthorized => 401,
        ImageErrorCode.Unavailable => 503,
        ImageErrorCode.NoSpace => 507,
        _ => 500,
    };
}
