using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>A client certificate with its key and the intermediate certificates that go with it.</summary>
internal sealed class KubeClientCertificate
{
    private KubeClientCertificate(SslStreamCertificateContext context) => Context = context;

    /// <summary>What the TLS handshake needs.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Reads a certificate and its key.</summary>
    /// <param name="certificate">PEM of the certificate, then its intermediates.</param>
    /// <param name="key">PEM of the private key.</param>
    /// <param name="whose">Whose they are, for the error.</param>
    /// <returns>The certificate. Throws <see cref="LabException"/> where they are no pair.</returns>
    public static KubeClientCertificate FromPem(string certificate, string key, string whose)
    {
        try
        {
            X509Certificate2 own = ClientCertificates.ForTls(X509Certificate2.CreateFromPem(certificate, key));
            X509Certificate2Collection all = [];
            all.ImportFromPem(certificate);
            return new KubeClientCertificate(SslStreamCertificateContext.Create(own, [.. all.Skip(1)], offline: true));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "KubeConfigInvalid",
                $"The client certificate and key of {whose} cannot be used: {e.Message.TrimEnd('.')}. Give a PEM certificate and its unencrypted PEM key.", e);
        }
    }
}
