namespace CloudLab.Core.Common.Quantities;

/// <summary>The three ways in which Kubernetes writes a quantity.</summary>
public enum QuantityFormat
{
    /// <summary>Powers of ten with a letter: <c>100m</c>, <c>2G</c>.</summary>
    DecimalSI,

    /// <summary>Powers of 1024: <c>128Mi</c>.</summary>
    BinarySI,

    /// <summary>Powers of ten with an exponent: <c>12e6</c>.</summary>
    DecimalExponent,
}
