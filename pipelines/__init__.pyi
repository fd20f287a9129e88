from .table_detector import TableDetector as TableDetector
