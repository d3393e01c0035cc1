using System.Net;

namespace Berth.Images.Registry;

/// <summary>Requests to one endpoint on behalf of one user, with proofs and repetitions.</summary>
internal sealed class RegistrySession : IDisposable
{
    private readonly RegistryConfig _config;
    private readonly TimeProvider _time;
    private readonly RegistryTransport _transport;
    private readonly RegistryAuthorizer _authorizer;

    private RegistrySession(RegistryEndpoint endpoint, RegistryConfig config, RegistryCredentials credentials, TimeProvider time)
    {
        Endpoint = endpoint;
        _config = config;
        _time = time;
        _transport = new RegistryTransport(endpoint, config);
        _authorizer = new RegistryAuthorizer(endpoint, _transport, credentials, time);
    }

    public RegistryEndpoint Endpoint { get; }

    public RegistryConfig Config => _config;

    /// <summary>Opens the first endpoint that answers.</summary>
    /// <exception cref="ImageException">None does.</exception>
    public static async Task<RegistrySession> OpenAsync(
        IEnumerable<RegistryEndpoint> endpoints, RegistryConfig config, RegistryCredentials credentials, TimeProvider time, CancellationToken cancellation)
    {
        ImageException? first = null;
        foreach (RegistryEndpoint endpoint in endpoints)
        {
            var session = new RegistrySession(endpoint, config, credentials, time);
            try
            {
                // Tells whether anybody is there, and what proof is wanted, before anything of size is sent.
                using HttpResponseMessage response = await session.SendAsync(() => session.Request(HttpMethod.Get, "/v2/"), null, cancellation);
                if (response.StatusCode == HttpStatusCode.Unauthorized)
                {
                    session._authorizer.Accept(response, "");
                }
                return session;
            }
            catch (ImageException e) when (e.Code == ImageErrorCode.Unavailable)
            {
                session.Dispose();
                first ??= e;
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }
        throw first!;
    }

    /// <summary>A request for a path of this endpoint.</summary>
    public HttpRequestMessage Request(HttpMethod method, string path) => Request(method, new Uri(Endpoint.Address, path));

    /// <summary>A request for an address that the registry gave.</summary>
    public static HttpRequestMessage Request(HttpMethod method, Uri address)
    {
        var request = new HttpRequestMessage(method, address);
        request.Headers.TryAddWithoutValidation("User-Agent", "berth");
        return request;
    }

    /// <summary>Sends what <paramref name="make"/> makes, again after a challenge, and again after failures that pass.</summary>
    /// <param name="make">Makes the request anew for each try.</param>
    /// <param name="scope">Scopes of the token, if tokens are wanted; null sends no proof at all.</param>
    /// <param name="cancellation">Ends the waiting too.</param>
    /// <exception cref="ImageException">The registry cannot be reached, or sends the client where it must not go.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, string? scope, CancellationToken cancellation)
    {
        bool challenged = scope is null;
        for (int failures = 0; ;)
        {
            HttpResponseMessage response;
            using (var guard = new StallGuard(_config.StallTimeout, cancellation))
            {
                try
                {
                    response = await SendOnceAsync(make(), scope, guard);
                }
                catch (Exception e) when (IsConnectionFailure(e) || (e is OperationCanceledException && guard.Stalled))
                {
                    if (failures++ >= _config.Retries || !MayPass(e, reachedBefore: scope is not null))
                    {
                        throw e is OperationCanceledException
                            ? new ImageException(ImageErrorCode.Unavailable, $"{Endpoint.Address.Authority} does not answer within {_config.StallTimeout.TotalSeconds:0} s", e)
                            : RegistryErrors.Unreachable(Endpoint, e);
                    }
                    await PauseAsync(failures, null, cancellation);
                    continue;
                }
            }
            if (response.StatusCode == HttpStatusCode.Unauthorized && !challenged && _authorizer.Accept(response, scope!))
            {
                challenged = true;
                response.Dispose();
                continue;
            }
            TimeSpan? wanted = RetryAfter(response);
            if (!IsPassing(response.StatusCode) || failures++ >= _config.Retries || wanted > _config.LongestRetryAfter)
            {
                return response;
            }
            response.Dispose();
            await PauseAsync(failures, wanted, cancellation);
        }
    }

    public void Dispose()
    {
        _authorizer.Dispose();
        _transport.Dispose();
    }

    /// <summary>Waits as long as the registry asked, or longer each time.</summary>
    public Task PauseAsync(int failures, TimeSpan? wanted, CancellationToken cancellation)
    {
        double jitter = 0.75 + (Random.Shared.NextDouble() / 2);
        return Task.Delay(wanted ?? (_config.RetryDelay * Math.Pow(2, Math.Min(failures, 8) - 1) * jitter), _time, cancellation);
    }

    /// <summary>Whether a call failed on the way rather than at its end.</summary>
    public static bool IsConnectionFailure(Exception e) => e is HttpRequestException or IOException or System.Security.Authentication.AuthenticationException
        || (e is OperationCanceledException { InnerException: TimeoutException });

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, string? scope, StallGuard guard)
    {
        if (request.Content is StallGuardedContent content)
        {
            content.Guard = guard;
        }
        if (scope is not null)
        {
            await _authorizer.AuthorizeAsync(request, scope, guard.Token);
        }
        return await _transport.SendAsync(request, guard.Token);
    }

    // Names that do not resolve and wrong certificates stay so for the next seconds; a closed port too, unless it was open a moment ago.
    private static bool MayPass(Exception e, bool reachedBefore) => e is not HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
        && (reachedBefore || e is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError });

    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
        or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wanted = response.Headers.RetryAfter?.Delta ?? (response.Headers.RetryAfter?.Date is { } date ? date - _time.GetUtcNow() : null);
        return wanted < TimeSpan.Zero ? TimeSpan.Zero : wanted;
    }
}
