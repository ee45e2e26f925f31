using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>TLS to a Docker Engine: authorities to trust, and the client's own certificate.</summary>
/// <param name="Folder">Folder with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>; each may be missing.</param>
/// <param name="SkipVerification">True where the context says not to check the engine's certificate.</param>
internal sealed record DockerTls(string Folder, bool SkipVerification)
{
    /// <summary>Options of the handshake.</summary>
    /// <returns>Options. Throws <see cref="LabException"/> where a PEM file is unusable.</returns>
    public SslClientAuthenticationOptions Options()
    {
        SslClientAuthenticationOptions options = new();
        string ca = Path.Combine(Folder, "ca.pem");
        if (SkipVerification)
        {
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (File.Exists(ca))
        {
            X509Certificate2Collection authorities = TrustedAuthorities.Load(ca, "Docker TLS");
            options.RemoteCertificateValidationCallback = TrustedAuthorities.Validate(() => authorities);
        }

        string certificate = Path.Combine(Folder, "cert.pem"), key = Path.Combine(Folder, "key.pem");
        switch (File.Exists(certificate), File.Exists(key))
        {
            case (true, true):
                options.ClientCertificates = [Load(certificate, key)];
                break;
            // Without the other half the engine would only say that it wants a certificate.
            case (true, false) or (false, true):
                throw new LabException(
                    LabErrorKind.InvalidArgument, "DockerTlsInvalid",
                    $"In '{Folder}' there is {(File.Exists(key) ? "key.pem without cert.pem" : "cert.pem without key.pem")}: TLS to the Docker Engine needs both or none.");
        }

        return options;
    }

    private static X509Certificate2 Load(string certificate, string key)
    {
        try
        {
            return ClientCertificates.ForTls(X509Certificate2.CreateFromPemFile(certificate, key));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DockerTlsInvalid",
                $"The Docker client certificate '{certificate}' and its key cannot be used: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
