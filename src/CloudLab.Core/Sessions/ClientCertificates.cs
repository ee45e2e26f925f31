using System.Security.Cryptography.X509Certificates;

namespace CloudLab.Core.Sessions;

/// <summary>Client certificates read from PEM.</summary>
internal static class ClientCertificates
{
    /// <summary>Makes a certificate with a key that was read from PEM usable by this system's TLS.</summary>
    /// <param name="own">The certificate with its key; disposed where another one replaces it.</param>
    /// <returns>The certificate to present.</returns>
    public static X509Certificate2 ForTls(X509Certificate2 own)
    {
        if (!OperatingSystem.IsWindows())
        {
            return own;
        }

        // Windows' TLS does not take a key that exists only in memory.
        using (own)
        {
            return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
        }
    }
}
