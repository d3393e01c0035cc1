using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Berth.Images.Registry;

/// <summary>
/// HTTP to one endpoint and to where it redirects. Trust that the user gave the endpoint, and its credentials, hold for its own scheme,
/// host and port alone.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private const int MaxRedirects = 5;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);

    private readonly RegistryEndpoint _endpoint;
    private readonly HttpMessageInvoker _own;
    private readonly Lazy<HttpMessageInvoker> _others;

    public RegistryTransport(RegistryEndpoint endpoint, RegistryConfig config)
    {
        _endpoint = endpoint;
        SocketsHttpHandler handler = NewHandler(useProxy: !endpoint.IsLoopback);
        if (endpoint.Address.Scheme == "https")
        {
            handler.SslOptions = EndpointTls(endpoint, config);
        }
        _own = new HttpMessageInvoker(handler);
        _others = new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(NewHandler(useProxy: true)));
    }

    /// <summary>Sends a request and follows redirects of GET and HEAD; the body of the answer is not read yet.</summary>
    /// <exception cref="ImageException">A redirect leads where it must not.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        for (int hops = 0; ; hops++)
        {
            bool own = _endpoint.IsSameOrigin(request.RequestUri!);
            if (!own)
            {
                request.Headers.Authorization = null;
            }
            HttpResponseMessage response = await (own ? _own : _others.Value).SendAsync(request, cancellation);
            if (!IsRedirect(response.StatusCode) || request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
            {
                return response;
            }
            using (response)
            {
                Uri target = Target(request.RequestUri!, response);
                if (hops >= MaxRedirects)
                {
                    throw new ImageException(ImageErrorCode.InvalidArchive, $"{_endpoint.Address.Authority} redirects more than {MaxRedirects} times");
                }
                var next = new HttpRequestMessage(request.Method, target);
                foreach (KeyValuePair<string, IEnumerable<string>> header in request.Headers)
                {
                    next.Headers.TryAddWithoutValidation(header.Key, header.Value);
                }
                request = next;
            }
        }
    }

    public void Dispose()
    {
        _own.Dispose();
        if (_others.IsValueCreated)
        {
            _others.Value.Dispose();
        }
    }

    private Uri Target(Uri from, HttpResponseMessage response)
    {
        Uri? location = response.Headers.Location;
        Uri? target = location is null ? null : location.IsAbsoluteUri ? location : new Uri(from, location);
        if (target is null || target.Scheme is not ("http" or "https") || target.UserInfo.Length > 0)
        {
            throw new ImageException(ImageErrorCode.InvalidArchive, $"{_endpoint.Address.Authority} redirects to no usable address");
        }
        return target.Scheme == "https" || from.Scheme == "http"
            ? target
            : throw new ImageException(ImageErrorCode.InvalidArchive, $"{_endpoint.Address.Authority} redirects from https to plain http ({ImageException.Printable(target.Authority)}): refused");
    }

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found
        or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    // Blobs are digests of compressed bytes: nothing may be decompressed on the way.
    private static SocketsHttpHandler NewHandler(bool useProxy) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = useProxy,
        ConnectTimeout = ConnectTimeout,
        MaxResponseHeadersLength = 64,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    };

    private static SslClientAuthenticationOptions EndpointTls(RegistryEndpoint endpoint, RegistryConfig config)
    {
        var options = new SslClientAuthenticationOptions();
        var roots = new X509Certificate2Collection();
        var own = new X509Certificate2Collection();
        foreach (string folder in config.CertificateDirectories.Select(directory => Path.Combine(directory, endpoint.Address.Authority)).Where(Directory.Exists))
        {
            foreach (string file in Directory.GetFiles(folder, "*.crt"))
            {
                roots.ImportFromPemFile(file);
            }
            foreach (string file in Directory.GetFiles(folder, "*.cert"))
            {
                own.Add(X509Certificate2.CreateFromPemFile(file, Path.ChangeExtension(file, ".key")));
            }
        }
        if (own.Count > 0)
        {
            options.ClientCertificates = own;
        }
        if (endpoint.IsInsecure)
        {
            // The user named this registry as one whose certificate is not to be checked.
#pragma warning disable CA5359
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (roots.Count > 0)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }
        return options;
    }
}
