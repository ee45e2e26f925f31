using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions;

/// <summary>Trusts the certificate authorities of one PEM bundle instead of the system's.</summary>
internal static class TrustedAuthorities
{
    /// <summary>Reads a bundle of certificates.</summary>
    /// <param name="path">PEM file.</param>
    /// <param name="source">Which setting named it, for the error.</param>
    /// <returns>Its certificates. Throws <see cref="LabException"/> when the file is missing or holds none.</returns>
    public static X509Certificate2Collection Load(string path, string source)
    {
        try
        {
            X509Certificate2Collection authorities = [];
            authorities.ImportFromPemFile(path);
            return authorities.Count > 0 ? authorities : throw Unusable("it contains no certificate", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Unusable(e.Message, e);
        }

        LabException Unusable(string why, Exception? inner) => new(
            LabErrorKind.InvalidArgument, "CaBundleUnusable",
            $"The CA bundle '{path}' ({source}) cannot be used: {why}. Name a PEM file with the server's certificate authority.", inner);
    }

    /// <summary>A check of server certificates against a bundle that is read at the first handshake; again at the next one where it could not be read.</summary>
    /// <param name="load">Reads the bundle.</param>
    /// <returns>A callback for <see cref="SslClientAuthenticationOptions"/>.</returns>
    public static RemoteCertificateValidationCallback Validate(Func<X509Certificate2Collection> load)
    {
        Lazy<X509Certificate2Collection> authorities = new(load, LazyThreadSafetyMode.PublicationOnly);
        // A plain false would be told as "rejected by the provided RemoteCertificateValidationCallback".
        return (_, certificate, served, errors) => Objection(authorities.Value, certificate, served, errors) is { } objection
            ? throw new AuthenticationException(objection)
            : true;
    }

    private static string? Objection(X509Certificate2Collection authorities, X509Certificate? certificate, X509Chain? served, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return "it presented no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return "its certificate is for another name";
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (served is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(served.ChainPolicy.ExtraStore);
        }

        X509Certificate2 own = new(certificate);
        return chain.Build(own) ? null
            : chain.ChainStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid))
                ? $"its certificate or that of its authority is not valid today; its own is valid from {own.NotBefore.ToUniversalTime():yyyy-MM-dd} to {own.NotAfter.ToUniversalTime():yyyy-MM-dd}"
            : $"its certificate is not issued by the trusted authority ({string.Join(", ", chain.ChainStatus.Select(status => status.Status))})";
    }
}
